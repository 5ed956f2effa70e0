import { type CommonPasswords, indexCommonPasswords } from "./password-rules";

/** The common passwords in any length, most common first, in lower case. Some 0.8 MB, so imported only when it is needed. */
export async function loadCommonWords(): Promise<string[]> {
  const { words } = (await import("./common-passwords.json")).default;
  return words.split(" ");
}

let index: Promise<CommonPasswords> | undefined;

/** The list to judge by, read and indexed when first asked for and then kept. */
export function commonPasswords(): Promise<CommonPasswords> {
  index ??= loadCommonWords().then(indexCommonPasswords);
  // Not kept when it failed: in a browser the next try may have a connection.
  index.catch(() => {
    index = undefined;
  });
  return index;
}
