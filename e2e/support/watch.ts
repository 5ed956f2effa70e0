import type { BrowserContext } from "playwright/test";

/** Collects what every page of every story must refrain from. */
export function watch(context: BrowserContext, origins: string[], expectsFailures: boolean): string[] {
  const faults: string[] = [];
  context.on("request", (request) => {
    const url = request.url();
    if (!origins.some((origin) => url.startsWith(`${origin}/`)) && !/^(data|blob):/.test(url))
      faults.push(`asked another site: ${url}`);
    if (/password=|confirmation=|open-sesame/i.test(url)) faults.push(`a password in a URL: ${url}`);
  });
  context.on("response", (response) => {
    if (response.status() >= 500 && !expectsFailures)
      faults.push(`${response.status()} from ${response.url()}`);
  });
  context.on("console", (message) => {
    // A refused or missing page is the browser's own line; the stories look at statuses themselves.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
      faults.push(`the console says: ${message.text()}`);
  });
  context.on("weberror", (error) => faults.push(`a script failed: ${error.error().message}`));
  return faults;
}
