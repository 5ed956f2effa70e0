import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Where Debian puts programs that listen; not in the PATH of everyone. */
const ADMINISTRATORS = "/usr/sbin";

/**
 * The path of a program, whose package is installed first where that is ours to do.
 * @param name of the program and of its package in Debian and Ubuntu
 * @throws Error with one sentence on what to do where there is none
 */
export function getProgram(name: string): string {
  if (!findProgram(name)) installPackage(name);
  const path = findProgram(name);
  if (!path)
    throw new Error(`This test needs ${name}: install it (Debian and Ubuntu: sudo apt-get install ${name}).`);
  return path;
}

function findProgram(name: string): string | null {
  const folders = [...(process.env.PATH ?? "").split(delimiter).filter(Boolean), ADMINISTRATORS];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null;
}

/** Installs a package as root on Debian or Ubuntu; elsewhere, and where that fails, it does nothing but say so. */
export function installPackage(name: string): void {
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) return;
  console.log(`Installing ${name} for the tests …`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const apt = (...args: string[]) =>
    execFileSync("apt-get", ["-qq", "-o", "DPkg::Lock::Timeout=60", ...args], { env, stdio: "inherit" });
  try {
    apt("update");
    apt("install", "--yes", "--no-install-recommends", name);
  } catch (error) {
    console.log(String(error));
  }
}
