/** A name of ours, with and without the part that names the installation. */
const NAME =
  /^((?:__Host-)?latchkey)\.(?:([0-9a-f]{8})\.)?(?=session|browser|flash|kept|pending-login|set-up|shown-codes|link\.|csrf|callback-url)/;

/** Which installation answers where, as far as this process knows. */
const installations = new Map<string, string>();

export function noteInstallation(origin: string, id: string): void {
  installations.set(origin, id);
}

/** The part of a cookie's name that names the installation; null where it has none. */
export function installationIn(name: string): string | null {
  return NAME.exec(name)?.[2] ?? null;
}

/** The full name that a cookie has at the app there, from what stories call it: `latchkey.session`, over https too. */
export function fullName(origin: string, name: string): string {
  const id = installations.get(origin);
  if (id === undefined || installationIn(name) !== null) return name;
  const bound = origin.startsWith("https:") ? name.replace(/^(?=latchkey)/, "__Host-") : name;
  return bound.replace(NAME, `$1.${id}.`);
}

/** What stories call a cookie: its name without the installation. */
export function shortName(name: string): string {
  return name.replace(NAME, "$1.");
}

/** The cookies of a browser, by full name. Stories may leave out the installation: then it is that of the browser's site. */
export class CookieJar extends Map<string, string> {
  constructor(private readonly origin: string) {
    super();
  }

  override get(name: string): string | undefined {
    return super.get(fullName(this.origin, name));
  }

  override has(name: string): boolean {
    return super.has(fullName(this.origin, name));
  }

  override set(name: string, value: string): this {
    return super.set(fullName(this.origin, name), value);
  }

  override delete(name: string): boolean {
    return super.delete(fullName(this.origin, name));
  }
}
