import {
  constants,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { BUILDS, IN_USE, STANDALONE, STATIC, WORKSHOP } from "../platform/folders";
import { isShared } from "./build-lock";
import { hintScripts } from "./compile-hints";
import { packFiles } from "./packed-files";
import { BUILD_NAME, SERVED } from "./served-build";
import { finishStandalone } from "./standalone";

/**
 * Every build has a folder of its own, `.builds/7`, and `.next` is a link to the one in use. So a build takes nothing from a
 * server that runs: that one goes on with the folder it began with (next.config.mjs), and the link turns at once.
 */

/** What the build was made of; written last, so that half a build has none. */
const FINGERPRINT = "latchkey-fingerprint";

/** The files for browsers that the build made itself, without those it has from the one before. */
const OWN_FILES = "latchkey-files.json";

/** What stays in the workshop: Next's cache and lock, what the development server works with, and types for editors. */
const STAYING = new Set(["cache", "dev", "lock", "types"]);

/** Builds on the disk: the one in use, and two that an upgrade may be taken back to. Those that a server runs from stay too. */
const KEPT_MAX = 3;

/** What the build in use was made of; null where there is none. */
export function currentFingerprint(root: string): string | null {
  return fingerprintIn(join(root, IN_USE));
}

/**
 * Takes an earlier build of this code into use again, with the present one's files for the pages
 * that are open. False where none is kept.
 */
export function reuseBuild(root: string, fingerprint: string): boolean {
  const number = numbersIn(root).find((number) => fingerprintIn(folderOf(root, number)) === fingerprint);
  if (number === undefined) return false;
  const build = folderOf(root, number);
  for (const served of [build, join(build, STANDALONE, IN_USE)])
    if (existsSync(served)) copyFormerFiles(join(root, IN_USE), served);
  takeIntoUse(root, number);
  return true;
}

/** Makes what Next has left in the workshop the build in use, with the former one's files for the pages that are open. */
export function publishBuild(root: string, fingerprint: string): void {
  const number = 1 + Math.max(0, ...numbersIn(root));
  const build = folderOf(root, number);
  mkdirSync(build);
  for (const name of readdirSync(join(root, WORKSHOP)))
    if (!STAYING.has(name)) renameSync(join(root, WORKSHOP, name), join(build, name));
  writeFileSync(join(build, SERVED), ""); // here, for a server that may not write
  writeFileSync(join(build, OWN_FILES), JSON.stringify(filesIn(join(build, STATIC))));
  hintScripts(build);
  packFiles(build);
  copyFormerFiles(join(root, IN_USE), build);
  finishStandalone(root, build);
  writeFileSync(join(build, FINGERPRINT), fingerprint);
  takeIntoUse(root, number);
  removeOldBuilds(root);
}

/** Removes what a build has left that did not end well. */
export function clearWorkshop(root: string): void {
  if (!existsSync(join(root, WORKSHOP))) return;
  for (const name of readdirSync(join(root, WORKSHOP)))
    if (!STAYING.has(name)) rmSync(join(root, WORKSHOP, name), { recursive: true, force: true });
  for (const number of numbersIn(root))
    if (fingerprintIn(folderOf(root, number)) === null)
      rmSync(folderOf(root, number), { recursive: true, force: true });
}

/** A page that is open asks for its scripts as it needs them, hours after the build that made it. */
function copyFormerFiles(former: string, build: string): void {
  for (const file of ownFilesOf(former)) {
    const [from, to] = [join(former, STATIC, file), join(build, STATIC, file)];
    if (existsSync(to) || !existsSync(from)) continue;
    mkdirSync(dirname(to), { recursive: true });
    copyFileSync(from, to, constants.COPYFILE_FICLONE);
  }
}

/** All of its files, where it does not say which are its own: one of an older version has no others. */
function ownFilesOf(build: string): string[] {
  const list = readOrNull(join(build, OWN_FILES));
  return list === null ? filesIn(join(build, STATIC)) : (JSON.parse(list) as string[]);
}

/** A link is replaced by a rename, so there is no moment without one. */
function takeIntoUse(root: string, number: number): void {
  const [link, made] = [join(root, IN_USE), join(root, `${IN_USE}.new`)];
  rmSync(made, { force: true });
  symlinkSync(join(BUILDS, String(number)), made, "junction"); // where links need no rights, on Windows
  if (lstatSync(link, { throwIfNoEntry: false })?.isDirectory()) setAside(root);
  renameSync(made, link);
}

/** A folder in place of the link is a build by `next build` itself, or by a version of ours that knew no other place. */
function setAside(root: string): void {
  const former = folderOf(root, 0);
  rmSync(former, { recursive: true, force: true });
  renameSync(join(root, IN_USE), former);
}

function removeOldBuilds(root: string): void {
  const inUse = Number(basename(realpathSync(join(root, IN_USE))));
  const whole = numbersIn(root).filter((number) => fingerprintIn(folderOf(root, number)) !== null);
  const kept = new Set([inUse, ...whole.filter((number) => number !== inUse)].slice(0, KEPT_MAX));
  for (const number of numbersIn(root))
    if (!kept.has(number) && !isServed(folderOf(root, number)))
      rmSync(folderOf(root, number), { recursive: true, force: true });
}

function isServed(build: string): boolean {
  return existsSync(join(build, SERVED)) && isShared(join(build, SERVED));
}

/** The newest first. */
function numbersIn(root: string): number[] {
  const names = readdirSync(join(root, BUILDS)).filter((name) => BUILD_NAME.test(name));
  return names.map(Number).sort((one, other) => other - one);
}

function folderOf(root: string, number: number): string {
  return join(root, BUILDS, String(number));
}

function fingerprintIn(build: string): string | null {
  return readOrNull(join(build, FINGERPRINT));
}

/** Every file at any depth, with its path from the folder; none where there is no folder. */
function filesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return paths.filter((path) => statSync(join(folder, path)).isFile());
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
