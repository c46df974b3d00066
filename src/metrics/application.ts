// The application's own metrics, if it uses prometheus_client.
import { closeSync, readSync } from "node:fs";
import { setTimeout as sleep, setImmediate as turn } from "node:timers/promises";
import { listNames, openUntrusted } from "../base/untrusted-file.ts";
import { lockFileShared } from "../platform/libc.ts";
import { ApplicationMerge, readFileName } from "./application-merge.ts";
import { type Family, single } from "./family.ts";
import { readEntries, usedBytes } from "./prometheus-file.ts";

/** Reading 1 MiB takes some 15 ms of PID 1's time. An application with more had better be scraped directly. */
const MOST_BYTES = 4 * 1024 * 1024;
/** A directory with more names is not read to its end: a file may be missed. */
const MOST_NAMES = 10_000;

/** gunicorn's master holds it while it merges what dead workers have left, a few milliseconds. */
const LOCK_FILE = "merge.lock";
const LOCK_PERIOD_MS = 10;
/** Whoever holds it longer does not merge: then there is nothing to wait for. */
const LOCK_TRIES = 20;

/** Empty if there are no files. If they cannot be read, one metric says so. */
export async function collectApplication(directory: string): Promise<Family[]> {
  const lock = await lockDirectory(directory);
  try {
    return await collect(directory);
  } finally {
    if (lock !== undefined) closeSync(lock);
  }
}

/** The descriptor that holds the lock: nothing is merged until it is closed. Undefined where nobody merges. */
async function lockDirectory(directory: string): Promise<number | undefined> {
  try {
    const { fd } = openUntrusted(`${directory}/${LOCK_FILE}`);
    for (let tries = 0; tries < LOCK_TRIES && !lockFileShared(fd); tries += 1) await sleep(LOCK_PERIOD_MS);
    return fd;
  } catch {
    return undefined;
  }
}

async function collect(directory: string): Promise<Family[]> {
  let names: string[];
  try {
    names = listNames(directory, MOST_NAMES);
  } catch {
    return [];
  }
  if (names.length === MOST_NAMES) return single("djinit_application_metrics_readable", false);
  names = names.filter((name) => readFileName(name) !== undefined);
  if (names.length === 0) return [];
  try {
    return [
      ...(await readAll(directory, names.sort())),
      ...single("djinit_application_metrics_readable", true),
    ];
  } catch {
    return single("djinit_application_metrics_readable", false);
  }
}

async function readAll(directory: string, names: readonly string[]): Promise<Family[]> {
  const merge = new ApplicationMerge();
  let bytes = 0;
  for (const name of names) {
    const kind = readFileName(name);
    const data = readUsed(`${directory}/${name}`, MOST_BYTES - bytes);
    if (kind === undefined || data === undefined) continue;
    bytes += data.length;
    merge.add(kind, readEntries(data));
    // Logs and signals must not wait for all files.
    await turn();
  }
  return merge.families();
}

/** The part of a file that is in use; undefined if the file is gone. Errors: throws when it is larger than `mostBytes`. */
function readUsed(path: string, mostBytes: number): Buffer | undefined {
  let file: ReturnType<typeof openUntrusted>;
  try {
    file = openUntrusted(path);
  } catch (error) {
    // A worker has ended, and its gauges were removed.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const { fd, size: fileSize } = file;
  try {
    const header = Buffer.alloc(8);
    readSync(fd, header, 0, header.length, 0);
    const size = Math.min(usedBytes(header), fileSize);
    if (size > mostBytes) throw new Error(`${path} is too large`);
    const data = Buffer.alloc(Math.max(size, header.length));
    readSync(fd, data, 0, data.length, 0);
    return data;
  } finally {
    closeSync(fd);
  }
}
