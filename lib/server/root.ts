import { join } from "node:path";

/** The root of the checkout: this file lies two folders below it. Not for code that Next bundles, see `platform/folders.ts`. */
export const ROOT = join(import.meta.dirname, "../..");
