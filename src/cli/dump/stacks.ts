// Where the threads of the services' Python processes are. Each process is asked by a signal, and writes to its service's file
// (djinit_stacks.py). The file is the application's: nothing in it is believed but that it is text.
import { closeSync, constants, fstatSync, ftruncateSync, openSync, readSync, statSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { openUntrusted } from "../../base/untrusted-file.ts";
import type { ServiceStatus } from "../../control/protocol.ts";
import { placedIn } from "../../plan/paths.ts";
import { stacksFile } from "../../plan/processes/stacks.ts";
import { catchesSignal } from "../../platform/proc.ts";
import { treeOf } from "../../platform/process-tree.ts";
import { startOf } from "../../platform/process-usage.ts";

/** djinit_stacks.py has the same. */
export const STACKS_SIGNAL = 44;

const MOST_PROCESSES = 64;
/** Of one process. Python tells of 100 threads with 100 lines each at the most. */
const MOST_BYTES = 1024 * 1024;
/** On a busy machine a process gets to it late. */
const ANSWER_MS = 3_000;
/** Whoever writes on and on is not waited for. */
const LONGEST_MS = 6_000;
/** For all of them: each of many may make the dump wait as long as it can. */
const ALL_MS = 60_000;
const PERIOD_MS = 20;
/** A stack has no mark of its end. It is written at once, by many small writes. */
const QUIET_MS = 250;
/** Never waits, not even for a lease (fcntl(2), F_SETLEASE) that the file's owner has. */
const WRITE = constants.O_WRONLY | constants.O_NONBLOCK;

export type Clean = (text: string) => string;

/** `clean` masks what they say, before characters of it are replaced. */
export async function describeStacks(
  services: readonly Pick<ServiceStatus, "service" | "pid">[],
  run: string,
  clean: Clean,
): Promise<string> {
  const endMs = performance.now() + ALL_MS;
  let left = MOST_PROCESSES;
  let told = "";
  for (const { service, pid } of services) {
    if (pid === undefined) continue;
    const path = placedIn(run, stacksFile(service));
    for (const member of treeOf(pid).slice(0, left)) {
      left -= 1;
      const isLate = performance.now() > endMs;
      const answer = isLate ? `not asked: ${ALL_MS / 1000} s are over\n` : await ask(member, path, clean);
      told += `== ${service}, PID ${member}\n${answer}\n`;
    }
  }
  return told;
}

const NO_HANDLER = "no answer: no Python with djinit_stacks\n";

async function ask(pid: number, path: string, clean: Clean): Promise<string> {
  const started = startOf(pid);
  if (!catchesSignal(pid, STACKS_SIGNAL)) return NO_HANDLER;
  try {
    const { fd } = openUntrusted(path);
    try {
      return await answerOf(pid, started, fd, clean);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    return `no answer: ${(error as Error).message}\n`;
  }
}

/**
 * Whoever has no handler would be ended by the signal: a child that has become another program since it was looked at, or a process
 * that has got the PID. They are looked at at the last moment. Between that and the signal a moment is left, which no system call
 * closes.
 */
export function signalIfCaught(pid: number, started: string | undefined): boolean {
  if (started === undefined || !catchesSignal(pid, STACKS_SIGNAL) || startOf(pid) !== started) return false;
  process.kill(pid, STACKS_SIGNAL);
  return true;
}

async function answerOf(pid: number, started: string | undefined, fd: number, clean: Clean): Promise<string> {
  empty(fd, pid);
  const before = fstatSync(fd).size;
  if (!signalIfCaught(pid, started)) return NO_HANDLER;
  const startedMs = performance.now();
  let size = before;
  let grownMs = startedMs;
  for (;;) {
    await delay(PERIOD_MS);
    const nowMs = performance.now();
    const now = fstatSync(fd).size;
    if (now !== size) [size, grownMs] = [now, nowMs];
    else if (size > before && nowMs - grownMs >= QUIET_MS) break;
    if (nowMs - startedMs >= ANSWER_MS && size === before) return `no answer within ${ANSWER_MS / 1000} s\n`;
    if (size - before > MOST_BYTES || nowMs - startedMs >= LONGEST_MS) break;
  }
  const data = Buffer.alloc(Math.max(0, Math.min(size - before, MOST_BYTES)));
  const count = readSync(fd, data, 0, data.length, before);
  empty(fd, pid);
  const text = data.toString("utf8", 0, count);
  // A secret that is cut would not be known: the line at the end goes.
  const whole = size - before > MOST_BYTES ? text.slice(0, text.lastIndexOf("\n") + 1) : text;
  return clean(whole).replace(/[^\n\x20-\x7e]/g, "?");
}

/** Only a file that is the process's user's own, and has no other name: what lies there may be anything. */
function empty(fd: number, pid: number): void {
  const { uid, nlink } = fstatSync(fd);
  if (nlink !== 1 || uid !== statSync(`/proc/${pid}`).uid) return;
  try {
    const writable = openSync(`/proc/self/fd/${fd}`, WRITE);
    try {
      ftruncateSync(writable);
    } finally {
      closeSync(writable);
    }
  } catch {
    // Only its owner and root may, and nobody while a lease is on it; the next answer comes behind this one.
  }
}
