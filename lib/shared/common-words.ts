import { type CommonWords, indexCommonWords } from "./password-rules";

/** The commonest words of passwords, most common first, in lower case. Some 0.2 MB, so imported only when it is needed. */
export async function loadCommonWords(): Promise<string[]> {
  const { words } = (await import("./common-words.json")).default;
  return words.split(" ");
}

/** Which edition of the server's list these words were made with: what browsers ask for, see `common-range.ts`. */
export async function commonListEdition(): Promise<string> {
  return (await import("./common-words.json")).default.list;
}

let index: Promise<CommonWords> | undefined;

/** The words to judge by, read and indexed when first asked for and then kept. */
export function commonWords(): Promise<CommonWords> {
  index ??= loadCommonWords().then(indexCommonWords);
  // Not kept when it failed: in a browser the next try may have a connection.
  index.catch(() => {
    index = undefined;
  });
  return index;
}
