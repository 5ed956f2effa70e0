import { env } from "../platform/env";
import { brand } from "../shared/brand";
import { DAY_MS } from "../shared/units";

/** An email as it goes out. */
export interface Email {
  /** One address, as its owner typed it. */
  to: string;
  subject: string;
  text: string;
  html: string;
  /** It is not sent after this moment: its link is dead then, or its news old. */
  expiresAt: Date;
  /** The link whose code it has: the code's time begins when the email leaves. */
  linkTokenId?: string;
  /** What it lists, where it may be written anew with more. */
  list?: string[];
}

/** Whom an email goes to. */
export interface Recipient {
  /** As its owner typed it. */
  email: string;
  /** Of their account; null where there is none, or another one is meant. */
  username: string | null;
}

interface Content extends Pick<Email, "subject" | "expiresAt" | "linkTokenId" | "list"> {
  to: Recipient;
  /** Paragraphs, in plain text. */
  before: string[];
  /** The one thing to do, a path of ours with its query. */
  button?: { label: string; path: string };
  /** The same by typing. */
  code?: { label: string; value: string };
  after: string[];
}

/** How long a security alert is worth sending, in milliseconds: as long as a mail server may be down over a weekend. */
const ALERT_TTL_MS = 3 * DAY_MS;

/** When an email expires that tells of something just done, whatever its links do. */
export function alertEnd(): Date {
  return new Date(Date.now() + ALERT_TTL_MS);
}

/**
 * Writes an email in both its forms, which say the same. Nothing in it is loaded from anywhere and nothing tells when it
 * is opened. Links begin with the configured public address, whatever the request said (ASVS v5.0.0-14.2.1).
 */
export function writeEmail({ to, before, button, code, after, ...head }: Content): Email {
  const { appName, publicUrl } = env();
  const { origin, host } = publicUrl;
  const link = button && { label: button.label, url: origin + button.path };
  const signature = `${appName}, ${host}`;
  const greeting = greetingOf(to);
  const text = [
    greeting,
    ...before,
    ...(link ? [`${link.label}:\n${link.url}`] : []),
    ...(code ? [`${code.label}:\n${code.value}`] : []),
    ...after,
    `-- \n${signature}`,
  ];
  return {
    ...head,
    to: to.email,
    subject: `${appName}: ${head.subject}`,
    text: `${text.join("\n\n")}\n`,
    html: layout(
      head.subject,
      [
        paragraph(greeting),
        ...before.map(paragraph),
        link
          ? `<p style="margin:24px 0 8px">${buttonLink(link.label, link.url)}</p>${plainAddress(link.url)}`
          : "",
        code ? paragraph(`${code.label}:`) + codeLine(code.value) : "",
        ...after.map(paragraph),
      ].join("\n"),
      signature,
    ),
  };
}

/** Without a name that a mail program would turn into a link: anybody can register one at another's address. */
function greetingOf({ username }: Recipient): string {
  return username === null || username.includes(".") ? "Hello," : `Hello ${username},`;
}

// Inline for the mail programs that drop a stylesheet; the stylesheet is for the dark.
const { light, dark } = brand.colors;
const DARK = `@media (prefers-color-scheme: dark) {
  .page { background: ${dark.paper} !important; color: ${dark.ink} !important; }
  .card { background: ${dark.card} !important; border-color: ${dark.line} !important; }
  .button { background: ${dark.ink} !important; color: ${dark.paper} !important; }
  .muted { color: ${dark.muted} !important; }
}`;

function layout(title: string, body: string, signature: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<style>${DARK}</style>
</head>
<body class="page" style="margin:0;padding:24px 16px;background:${light.paper};color:${light.ink};font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif">
<div class="card" style="max-width:480px;margin:0 auto;padding:32px;background:${light.card};border:1px solid ${light.line};border-radius:10px">
<h1 style="margin:0 0 16px;font-size:24px;line-height:1.2">${escapeHtml(title)}</h1>
${body}
</div>
<p class="muted" style="max-width:480px;margin:16px auto 0;font-size:14px;color:${light.muted}">${escapeHtml(signature)}</p>
</body>
</html>
`;
}

function paragraph(text: string): string {
  return `<p style="margin:0 0 16px">${escapeHtml(text)}</p>`;
}

/** In large digits, to be read off one screen and typed on another. */
function codeLine(code: string): string {
  return `<p style="margin:0 0 24px;font:600 28px/1 ui-monospace,Menlo,Consolas,monospace;letter-spacing:6px">${escapeHtml(code)}</p>`;
}

function buttonLink(label: string, url: string): string {
  const style = `display:inline-block;padding:10px 20px;background:${light.ink};color:${light.paper};border-radius:8px;font-weight:600;text-decoration:none`;
  return `<a class="button" href="${escapeHtml(url)}" style="${style}">${escapeHtml(label)}</a>`;
}

/** For whoever would rather see where a button leads, or whose program shows none. */
function plainAddress(url: string): string {
  return `<p class="muted" style="margin:0 0 24px;font-size:14px;color:${light.muted};overflow-wrap:anywhere">${escapeHtml(url)}</p>`;
}

/** The one place where text becomes HTML. */
export function escapeHtml(text: string): string {
  const entities: Record<string, string> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  return text.replace(/[&<>"']/g, (sign) => entities[sign] ?? sign);
}
