import { readdirSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./build";

/** The page a visitor sees when a page of ours could not be made. It needs no script, no session and no database. */
export function errorPage(
  status: number,
  requestId: string,
): { headers: Record<string, string>; body: string } {
  const { title, text } =
    status === 503
      ? {
          title: "Latchkey is unavailable right now",
          text: "We cannot reach what this page is made of. Nothing you have is lost; try again in a moment.",
        }
      : {
          title: "Something went wrong",
          text: "The fault is ours and has been noted. Try again, or go back to the home page.",
        };
  return {
    headers: {
      "Content-Type": "text/html; charset=utf-8",
      "Cache-Control": "no-store",
      "Content-Security-Policy":
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    },
    // Every part is our own text or a UUID, so there is nothing to escape.
    body: `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · Latchkey</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
${stylesheets()
  .map((href) => `<link rel="stylesheet" href="${href}">`)
  .join("\n")}
</head>
<body class="flex min-h-dvh flex-col items-center justify-center bg-paper px-4 text-ink">
<main class="w-full max-w-[26rem] space-y-4">
<h1 class="text-2xl font-semibold">${title}</h1>
<p>${text}</p>
<p><a class="link" href="/">Go to the home page</a></p>
<p class="text-sm text-muted">Request id <code>${requestId}</code></p>
</main>
</body>
</html>
`,
  };
}

let found: string[] | undefined;

/** The stylesheets of the build, as addresses. */
function stylesheets(): string[] {
  found ??= readdirSync(join(ROOT, ".next/static"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".css"))
    .map((file) => `/_next/static/${file.replaceAll("\\", "/")}`);
  return found;
}
