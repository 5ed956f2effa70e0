/** A link to a page about this site. */
interface SiteLink {
  label: string;
  href: string | null;
}

/**
 * What this product is called and how it is drawn, for everything that no stylesheet reaches. Pages take their colours
 * from the tokens in app/globals.css; the ones here are the same colours in hexadecimal.
 */
export const brand = {
  /** The name where APP_NAME sets none. Read `env().appName` on the server; browsers get it as a prop. */
  name: "Latchkey",

  /** What this site is for, in a sentence: on its home page and for search engines. Yours goes here. */
  sentence: "Register and log in. We remember you if you like, and take you to the page you asked for.",

  /** At the foot of every page: a path here, or an address elsewhere. Null: there is no such page, and no link. */
  links: [
    { label: "Terms", href: null },
    { label: "Privacy", href: null },
    { label: "Source", href: null },
  ] as SiteLink[],

  /** For `theme-color` and for emails: some mail programs read no other notation. */
  colors: {
    light: { paper: "#fbfaf8", card: "#ffffff", ink: "#1c2028", muted: "#5a606b", line: "#dfdcd7" },
    dark: { paper: "#11141a", card: "#191d24", ink: "#f1eeea", muted: "#a5abb5", line: "#343942" },
  },

  /** The mark in a box of 24 by 24, drawn with a line and turned by 45 degrees. app/icon.svg has the same on a plate. */
  mark: { circle: { cx: 12, cy: 6.75, r: 4.25 }, path: "M12 11v10.5M12 16h4.25M12 20h5.25" },
} as const;

/**
 * A name as a username could imitate it: in lower case, without accents, and letters and digits alone. Empty for a name
 * with letters of another script, which no username can imitate.
 */
export function canonicalAppName(appName: string): string {
  const letters = appName
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, "");
  return /^[a-z0-9]*$/.test(letters) ? letters : "";
}
