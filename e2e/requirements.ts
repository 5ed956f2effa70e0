import type { TestRun } from "./reports";

/** A test that the requirements name as their proof. */
export interface Proof {
  /** Of the document, counted from 1. */
  line: number;
  /** "login.spec", "lib/routes.test" */
  file: string;
  /** The beginning of its titles, `…` for what is left out; null: any test of the file. */
  title: string | null;
}

/** A file of tests, or a title in quotes, or the end of what belongs to the file named last. */
const TOKEN = /(?<![*\w./-])(?<file>\w[\w./()-]*\.(?:spec|test))\b(?!\.tsx?)|"(?<title>[^"]+)"|(?<end>[|;])/g;

/** All proofs that a document names, in its order: files, each with its titles in quotes behind it. */
export function proofsIn(document: string): Proof[] {
  return document.split("\n").flatMap((text, index) => proofsInLine(text, index + 1));
}

function proofsInLine(text: string, line: number): Proof[] {
  const proofs: Proof[] = [];
  let file: string | null = null;
  for (const { groups = {} } of text.matchAll(TOKEN)) {
    if (groups.file) {
      file = groups.file;
      proofs.push({ line, file, title: null });
    } else if (groups.title && file) {
      if (proofs.at(-1)?.title === null) proofs.pop(); // the file is named with a title after all
      proofs.push({ line, file, title: groups.title.replaceAll("`", "") });
    } else if (groups.end) file = null;
  }
  return proofs;
}

/** Those proofs that no passed test gives. */
export function findUnshown(proofs: Proof[], tests: TestRun[]): Proof[] {
  const passed = tests.filter(({ isPassed }) => isPassed);
  return proofs.filter((proof) => !passed.some((test) => isShownBy(proof, test)));
}

/** A title may begin with that of a `describe` around the test, or leave it out. */
function isShownBy({ file, title }: Proof, test: TestRun): boolean {
  if (test.file !== file) return false;
  if (title === null) return true;
  const beginning = new RegExp(`^${title.split("…").map(escapeRegExp).join(".*")}`, "s");
  return test.titles.some((_, index) => beginning.test(test.titles.slice(index).join(" ")));
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
