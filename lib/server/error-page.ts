import { readdirSync } from "node:fs";
import { join } from "node:path";
import { escapeHtml } from "../mail/email";
import { env } from "../platform/env";
import { STATIC } from "../platform/folders";
import { SCRIPTLESS_POLICY } from "../web/security-headers.mjs";
import { ROOT } from "./root";
import { servedBuild } from "./served-build";

/** Sent in place of an answer that failed. */
export interface ErrorAnswer {
  headers: Record<string, string>;
  body: string;
}

/**
 * The page a visitor sees when a page of ours failed, or its short form for a program that asked below /api. It needs no
 * script, no session and no database.
 */
export function errorAnswer(status: number, requestId: string, path: string): ErrorAnswer {
  const { error, title, text } = MESSAGES[status] ?? BROKEN;
  const appName = escapeHtml(env().appName);
  if (path.startsWith("/api/"))
    return {
      headers: {
        "Content-Type": "application/json",
        "Cache-Control": "no-store",
        "Content-Security-Policy": SCRIPTLESS_POLICY,
      },
      body: JSON.stringify({ error, requestId }),
    };
  return {
    headers: {
      "Content-Type": "text/html; charset=utf-8",
      "Cache-Control": "no-store",
      "Content-Security-Policy": SCRIPTLESS_POLICY,
    },
    // All but the name is our own text or a UUID, which have nothing to escape.
    body: `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · ${appName}</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
${stylesheets()
  .map((href) => `<link rel="stylesheet" href="${href}">`)
  .join("\n")}
</head>
<body class="flex min-h-dvh flex-col bg-paper font-sans text-body text-ink">
<header class="border-line border-b">
<div class="mx-auto flex min-h-14 max-w-page items-center px-4"><a class="font-semibold text-lead tracking-tight" href="/">${appName}</a></div>
</header>
<main class="mx-auto grid w-full max-w-card justify-items-center gap-4 px-4 pt-6 text-center wide:pt-10">
<h1 class="text-display">${title}</h1>
<p class="text-muted">${text}</p>
<p class="mt-4"><a class="font-semibold underline decoration-2 decoration-brass underline-offset-4" href="/">Go to the home page</a></p>
<p class="mt-4 text-muted text-small">Request id <code class="font-mono tabular-nums">${requestId}</code></p>
</main>
</body>
</html>
`,
  };
}

const MESSAGES: Record<number, { error: string; title: string; text: string }> = {
  400: {
    error: "malformed request",
    title: "That could not be read",
    text: "What arrived is not a form of this site. Go back, reload the page and send it again.",
  },
  429: {
    error: "throttled",
    title: "Too many forms at once",
    text: "More forms came from your network than we can take at once. Go back and try again in a moment.",
  },
  503: {
    error: "unavailable",
    title: "This site is unavailable right now",
    text: "We cannot show this page at the moment. None of your data is lost: try again in a moment.",
  },
};

const BROKEN = {
  error: "internal error",
  title: "Something went wrong",
  text: "The fault is ours. Try again, or go back to the home page.",
};

let found: string[] | undefined;

/** The stylesheets of the build that this server serves, as addresses. */
function stylesheets(): string[] {
  if (found) return found;
  try {
    found = readdirSync(join(ROOT, servedBuild(), STATIC), {
      recursive: true,
      encoding: "utf8",
    })
      .filter((file) => file.endsWith(".css"))
      .map((file) => `/_next/static/${file.replaceAll("\\", "/")}`);
    return found;
  } catch {
    return []; // a page without a look is better than no answer
  }
}
