// Run once while the image is built: keeps what V8 makes of each bundle. First by itself; then, in a process of each life's options,
// with the life's name.
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { setFlagsFromString } from "node:v8";
import type { Script } from "node:vm";
import { LARGE_NURSERY, SMALL_HEAP } from "../base/node-options.ts";
import { codePath, type Life, openBundles, ownDirectory, readBundle } from "./bundles.ts";

const OPTIONS: Record<Life, string[]> = { first: [LARGE_NURSERY], second: SMALL_HEAP };
/** They begin something when they are loaded, so they are compiled and not run. */
const PROGRAMS = ["dispatch"];
/** They are loaded by Node itself. */
const OUTSIDE = ["main", "precompile"];
const ONLY_SECOND = ["environment-files", "exposition", "open-admin", "supervise"];
const BOTH = ["dispatch", "libc"];

const directory = ownDirectory();

function bundlesOf(life: Life): string[] {
  const all = readdirSync(directory)
    .filter((file) => file.endsWith(".js"))
    .map((file) => basename(file, ".js"));
  const names = all.filter((name) => !OUTSIDE.includes(name));
  return names.filter((name) => BOTH.includes(name) || ONLY_SECOND.includes(name) === (life === "second"));
}

/**
 * What would be written with a function and depends on the time: its age, and whether one of the compilers has begun with it.
 * The options are part of what code holds for, so they are as ever again when it is written.
 */
const TIMED = ["flush-bytecode", "sparkplug", "maglev", "opt"];

/**
 * V8 has the functions that were called while they ran. Of the first life it has all: a boot calls half as many again as
 * their loading does, each of which it would compile, and is over before their memory counts.
 */
function keepCode(life: Life): void {
  const changed = life === "first" ? [...TIMED, "lazy"] : TIMED;
  for (const option of changed) setFlagsFromString(`--no-${option}`);
  const scripts = new Map<string, Script>();
  const load = openBundles(directory, life, (name, script) => scripts.set(name, script));
  for (const name of bundlesOf(life))
    PROGRAMS.includes(name) ? scripts.set(name, readBundle(directory, life, name)) : load(name);
  for (const option of changed) setFlagsFromString(`--${option}`);
  for (const [name, script] of scripts) {
    const path = codePath(directory, life, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, script.createCachedData());
  }
}

/** Errors: throws where V8 does not take what it has made. */
function requireCode(life: Life): void {
  for (const name of bundlesOf(life))
    if (readBundle(directory, life, name).cachedDataRejected !== false)
      throw new Error(`cannot use the code of ${name}: V8 refuses it`);
}

function runAs(life: Life, ...words: string[]): void {
  execFileSync(process.execPath, [...OPTIONS[life], ...words], { stdio: "inherit" });
}

const [work, life] = process.argv.slice(2) as [string?, Life?];
if (work === "keep" && life !== undefined) keepCode(life);
else if (work === "require" && life !== undefined) requireCode(life);
else
  for (const each of Object.keys(OPTIONS) as Life[]) {
    // V8's random numbers decide on the order of what is written.
    runAs(each, "--random-seed=1", process.argv[1] as string, "keep", each);
    runAs(each, process.argv[1] as string, "require", each);
  }
