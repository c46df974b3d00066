// Where the threads of the services' Python processes are. Each process is asked by a signal, and writes to its service's file
// (djinit_stacks.py). The file is the application's: nothing in it is believed but that it is text.
import { closeSync, fstatSync, readSync, statSync, truncateSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { openUntrusted } from "../../base/untrusted-file.ts";
import type { ServiceStatus } from "../../control/protocol.ts";
import { placedIn } from "../../plan/paths.ts";
import { stacksFile } from "../../plan/processes/stacks.ts";
import { catchesSignal, listProcesses } from "../../platform/proc.ts";

/** djinit_stacks.py has the same. */
export const STACKS_SIGNAL = 44;

const MOST_PROCESSES = 64;
/** Of one process. Python tells of 100 threads with 100 lines each at the most. */
const MOST_BYTES = 1024 * 1024;
const ANSWER_MS = 1_000;
/** Whoever writes on and on is not waited for. */
const LONGEST_MS = 3_000;
const PERIOD_MS = 20;
/** A stack has no mark of its end. It is written at once, by many small writes. */
const QUIET_MS = 100;

export async function describeStacks(services: readonly ServiceStatus[], run: string): Promise<string> {
  let left = MOST_PROCESSES;
  let told = "";
  for (const { service, pid } of services) {
    if (pid === undefined) continue;
    const path = placedIn(run, stacksFile(service));
    for (const member of treeOf(pid).slice(0, left)) {
      left -= 1;
      told += `== ${service}, PID ${member}\n${await ask(member, path)}\n`;
    }
  }
  return told;
}

function treeOf(pid: number): number[] {
  const processes = listProcesses();
  const tree = [pid];
  for (const parent of tree)
    tree.push(...processes.filter(({ parentPid }) => parentPid === parent).map((it) => it.pid));
  return tree;
}

async function ask(pid: number, path: string): Promise<string> {
  // Whoever has no handler would be ended by the signal.
  if (!catchesSignal(pid, STACKS_SIGNAL)) return "no answer: no Python with djinit_stacks\n";
  try {
    const { fd } = openUntrusted(path);
    try {
      return await answerOf(pid, fd);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    return `no answer: ${(error as Error).message}\n`;
  }
}

async function answerOf(pid: number, fd: number): Promise<string> {
  empty(fd, pid);
  const before = fstatSync(fd).size;
  process.kill(pid, STACKS_SIGNAL);
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
  return data.toString("utf8", 0, count).replace(/[^\n\x20-\x7e]/g, "?");
}

/** Only a file that is the process's user's own, and has no other name: what lies there may be anything. */
function empty(fd: number, pid: number): void {
  const { uid, nlink } = fstatSync(fd);
  if (nlink !== 1 || uid !== statSync(`/proc/${pid}`).uid) return;
  try {
    truncateSync(`/proc/self/fd/${fd}`);
  } catch {
    // Only its owner and root may; the next answer comes behind this one.
  }
}
