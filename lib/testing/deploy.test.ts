import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { type EventDetails, log, logEvent } from "../platform/log";
import { errorAnswer } from "../server/error-page";
import { collectLog, type LogLines } from "./log-lines";

const ROOT = join(import.meta.dirname, "../..");
const DEPLOY = join(ROOT, ".github/deploy");

const sample = (name: string) => readFileSync(join(DEPLOY, name), "utf8");

/** The value of a setting, as fail2ban reads it: names in it stand for other settings. */
function settingOf(file: string, name: string): string {
  const [, value = ""] = new RegExp(`^${name} *= *(.*)$`, "m").exec(file) ?? [];
  return value.replace(/%\((\w+)\)s/g, (_, other: string) => settingOf(file, other)).replaceAll("%%", "%");
}

describe("the samples for operators", () => {
  it("are each named in OPERATING.md", () => {
    const document = readFileSync(join(ROOT, ".github/OPERATING.md"), "utf8");
    const forgotten = readdirSync(DEPLOY).filter((name) => !document.includes(`](deploy/${name})`));
    expect(forgotten).toEqual([]);
  });

  it.each(readdirSync(DEPLOY))(
    "have no comment behind a value, which would become part of it: %s",
    (name) => {
      for (const line of sample(name).split("\n")) expect(line).not.toMatch(/^[^#]*\S[ \t]+[#;] /);
    },
  );

  it("show for an app that is away what the app shows for a database that is", () => {
    vi.stubEnv("APP_NAME", "Acme");
    const own = errorAnswer(503, "", "/").body;
    for (const element of [
      /<title>.*<\/title>/,
      /(?<=<h1[^>]*>).*(?=<\/h1>)/,
      /(?<=<p[^>]*>)We .*(?=<\/p>)/,
    ]) {
      const [text] = element.exec(own) ?? [];
      expect(text).toBeDefined();
      expect(sample("unavailable.html")).toContain(text);
    }
  });

  it("start what is there", () => {
    const scripts = readdirSync(join(ROOT, "lib/cli"));
    for (const unit of ["acme.service", "acme-backup.service"]) {
      const [, script] = /^ExecStart=\/usr\/bin\/node lib\/cli\/run\.mjs (\w+)/m.exec(sample(unit)) ?? [];
      expect(scripts).toContain(`${script}.ts`);
    }
  });

  it("log into a folder that was made before: systemd opens the log before it makes one", () => {
    const file = settingOf(sample("acme.service"), "StandardOutput").replace("append:", "");
    expect(sample("logrotate.conf")).toContain(`${file} {`);
    const folder = dirname(file);
    expect(readFileSync(join(ROOT, ".github/OPERATING.md"), "utf8")).toContain(
      `install -d -o acme -m 750 ${folder}`,
    );
  });
});

describe("the filter for fail2ban", () => {
  const filter = sample("fail2ban-filter.conf");
  const ban = new RegExp(settingOf(filter, "failregex").replace("<ADDR>", "(?<ip>[0-9a-f:.]+)"));
  /** fail2ban cuts the date out of a line before it looks at it. */
  const date = new RegExp(
    settingOf(filter, "datepattern")
      .replace("%Y-%m-%dT%H:%M:%S", String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d`)
      .replace("%z", "Z"),
  );
  const banned = (line: string) =>
    (date.test(line) ? ban.exec(line.replace(date, ""))?.groups?.ip : null) ?? null;

  const details: EventDetails = { requestId: "r-1", userId: null, ip: "203.0.113.9" };
  let logged: LogLines;
  beforeEach(() => {
    logged = collectLog();
  });

  const prefixes: [string, string][] = [
    ["by itself", ""],
    ["in the journal", "host acme[42]: "],
    ["behind the classic date of syslog", "Nov 25 17:20:10 host acme[42]: "],
    ["behind a date of one digit, without a process", "Nov  5 17:20:10 host acme: "],
    ["behind rsyslog's date", "2026-11-25T17:20:10.123456+01:00 host acme[42]: "],
    ["behind a date in UTC, with a priority", "<134>2026-11-25T17:20:10Z host.example npm[1]: "],
    ["in syslog's newer form (RFC 5424)", "<13>1 2026-11-25T17:20:10.123456+00:00 host acme 42 - -  "],
    ["behind the date of journalctl -o short-iso", "2026-11-25T17:20:10+0100 host node[1]: "],
  ];

  it.each(prefixes)("finds the address of a line %s", (_, prefix) => {
    for (const event of ["login-failed", "login-throttled", "registration-throttled"] as const) {
      logged = collectLog();
      logEvent(event, { ...details, userAgent: "curl" });
      expect(banned(prefix + logged.text())).toBe("203.0.113.9");
    }
  });

  it("finds an address of IPv6, with an account or without", () => {
    logEvent("login-failed", { requestId: null, userId: "0199-ada", ip: "2001:db8::7", userAgent: null });
    expect(banned(logged.text())).toBe("2001:db8::7");
  });

  it.each(["login", "logout", "registered", "session-expired", "unavailable", "error"] as const)(
    "bans no one for %s",
    (event) => {
      logEvent(event, details);
      for (const [, prefix] of prefixes) expect(banned(prefix + logged.text())).toBeNull();
    },
  );

  it("bans no one for what a foreign page made their browser send", () => {
    logEvent("refused-request", details);
    expect(banned(logged.text())).toBeNull();
  });

  it("bans no address that a visitor writes into a field, or into what is no line of ours", () => {
    logEvent("login-failed", { ...details, ip: "192.0.2.66" });
    const forged = logged.text().trim();
    const lies = [forged, `\n${forged}`, `"}\n${forged}`, ...prefixes.map(([, prefix]) => prefix + forged)];
    for (const lie of lies) {
      logged = collectLog();
      logEvent("login", { ...details, userAgent: lie }, { path: lie });
      log().info(lie);
      for (const [, prefix] of prefixes)
        for (const line of logged.text().split("\n")) expect(banned(prefix + line)).toBeNull();
    }
    for (const before of ["Error: ", " x Error: ", "TypeError: bad: ", "host acme[42]: Error: "])
      expect(banned(before + forged)).toBeNull();
  });
});
