/**
 * Longest text that is brought into its plain form, in UTF-16 units: no address or name is a quarter as long, and composing
 * takes time that grows with the square of its length.
 */
const PLAIN_MAX = 1024;

/**
 * What shows nothing: zero-width spaces and joiners, marks of direction, variation selectors, soft hyphens, fillers, the
 * byte-order mark (Unicode's Default_Ignorable_Code_Point), and the marks around an annotation. Text that is copied brings
 * them along.
 */
const INVISIBLE = /[\p{Default_Ignorable_Code_Point}\uFFF9-\uFFFB]/gu;

/**
 * The same text without the characters that show nothing, and without space around it. For what is ASCII or a domain, where
 * none of them means anything.
 */
export function visibleForm(text: string): string {
  return text.replace(INVISIBLE, "").trim();
}

/**
 * An address or code in its {@link visibleForm}, and of each character the plain form, so that "ａｄａ" is "ada" (Unicode's
 * NFKC). Text that is too long for either is not composed.
 */
export function plainForm(text: string): string {
  const visible = visibleForm(text);
  return visible.length > PLAIN_MAX ? visible : visible.normalize("NFKC").trim();
}

/** What may stand in a domain before it is converted: of ASCII only this, so that nothing in it is read as a port or a path. */
const DOMAIN_CHARACTERS = /^[A-Za-z0-9.\-\u{80}-\u{10FFFF}]+$/u;

/** As an ASCII domain can be: everything that mail servers take. */
const ASCII = /^[\x20-\x7e]*$/;

/**
 * An email address with its domain in ASCII, as mail servers take it and as addresses are compared: `ada@bücher.example` is
 * `ada@xn--bcher-kva.example` (RFC 5891, by the rules of UTS #46 that browsers follow). Null when the domain has no such
 * form. What has no @, or has ASCII alone, stays as it is.
 * @param address in its {@link plainForm}
 */
export function asciiAddress(address: string): string | null {
  if (address.length > PLAIN_MAX) return address;
  const at = address.lastIndexOf("@");
  const domain = address.slice(at + 1).replaceAll("\u3002", "."); // the full stop of Chinese and Japanese
  if (at < 0 || ASCII.test(domain)) return address.slice(0, at + 1) + domain;
  const host = `http://${domain}`;
  if (!DOMAIN_CHARACTERS.test(domain) || !URL.canParse(host)) return null;
  return address.slice(0, at + 1) + new URL(host).hostname;
}
