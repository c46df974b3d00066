import { existsSync, readFileSync } from "node:fs";
import { causeOf, run } from "./command.ts";

/** With the time for downloads: a slow mirror is no reason to fail. */
const APT_TIMEOUT_MS = 10 * 60_000;
const ENV = { DEBIAN_FRONTEND: "noninteractive" };
// On a machine that has just booted, another apt-get may be running.
const LOCK = ["-o", "DPkg::Lock::Timeout=120"];

let listsAreFresh = false;

/** Whether packages can be installed here: root on Debian or one of its kin. */
export function canInstallPackages(): boolean {
  return process.getuid?.() === 0 && isDebian() && existsSync("/usr/bin/apt-get");
}

function isDebian(): boolean {
  if (!existsSync("/etc/os-release")) return false;
  return /^ID(_LIKE)?=.*\bdebian\b/m.test(readFileSync("/etc/os-release", "utf8"));
}

/** Updates apt's package lists, once in each process. Errors: apt-get failed. */
export async function refreshLists(): Promise<void> {
  if (listsAreFresh) return;
  const ran = await run("apt-get", ["update", "-q", ...LOCK], { timeoutMs: APT_TIMEOUT_MS, env: ENV });
  if (!ran.ok) throw new Error(`cannot refresh apt's package lists: ${causeOf(ran)}`);
  listsAreFresh = true;
}

/** Installs Debian packages, without the recommended ones. Errors: apt-get failed. */
export async function installPackages(packages: readonly string[]): Promise<void> {
  await refreshLists();
  const args = ["install", "-y", "-q", "--no-install-recommends", ...LOCK, ...packages];
  const ran = await run("apt-get", args, { timeoutMs: APT_TIMEOUT_MS, env: ENV });
  if (!ran.ok) throw new Error(`cannot install ${packages.join(", ")}: ${causeOf(ran)}`);
}

/** The packages among `names` that this Debian release has: names differ among releases. */
export async function knownPackages(names: readonly string[]): Promise<string[]> {
  await refreshLists();
  const known = await Promise.all(names.map(async (name) => (await run("apt-cache", ["show", name])).ok));
  return names.filter((_, index) => known[index]);
}
