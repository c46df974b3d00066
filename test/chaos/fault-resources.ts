// Something runs out: the disk of /run, the memory of the container, the patience of whoever reads stdout.
import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { eventually } from "../support/eventually.ts";
import { askStatus } from "./ask-status.ts";
import { killProcess } from "./fault-process.ts";
import { privateBytes } from "./host-processes.ts";
import type { FaultReport } from "./observation.ts";
import type { Round } from "./round.ts";
import type { Subject } from "./subject.ts";

/** More than the container may have. */
const ALLOCATION_MB = 900;
/** Above gunicorn's own timeout. */
const ALLOCATION_TIMEOUT_MS = 45_000;
/** More than djinit and all pipes together hold back: 1 MiB. */
const BURST = { requests: 8, lines: 250, bytes: 1_500 };
const CHUNK_BYTES = 64 * 1024;

/** /run has no room left for a while; with a target that one is killed in the middle of it. */
export async function fillRun(subject: Subject, round: Round): Promise<FaultReport> {
  const filler = `/proc/${subject.member(round.member).initPid}/root/run/filler`;
  let report: FaultReport = { fromMs: Date.now(), toMs: Date.now(), exits: [] };
  try {
    fill(filler);
    if (round.target !== undefined) report = await killProcess(subject, round);
    await delay(round.durationMs);
  } finally {
    rmSync(filler, { force: true });
  }
  return report;
}

/** Writes until nothing more fits, to the byte. */
function fill(path: string): void {
  const fd = openSync(path, "w");
  for (let size = CHUNK_BYTES; size > 0; ) {
    try {
      writeSync(fd, Buffer.alloc(size, 1));
    } catch {
      size = Math.floor(size / 2);
    }
  }
  closeSync(fd);
}

/** A request that wants more memory than there is. */
export async function exhaustMemory(subject: Subject, round: Round): Promise<FaultReport> {
  const n = `${round.seed}-allocate`;
  const fromMs = Date.now();
  subject.load.ask(n, "allocate", `/debug/allocate/?mb=${ALLOCATION_MB}&n=${n}`);
  await eventually(() => subject.load.results.some((result) => result.n === n), {
    what: "the allocation has ended",
    timeoutMs: ALLOCATION_TIMEOUT_MS,
  });
  return { fromMs, toMs: Date.now(), exits: [] };
}

/** Nobody reads the container's stdout for a while, in which its services write some megabytes. */
export async function stallReader(subject: Subject, round: Round): Promise<FaultReport> {
  const { web, load } = subject;
  const bytesBefore = privateBytes(web.initPid);
  const fromMs = Date.now();
  web.reader.stall();
  let stall: FaultReport["stall"];
  try {
    for (let at = 0; at < BURST.requests; at += 1) {
      const n = `${round.seed}-burst-${at}`;
      load.ask(n, "burst", `/chaos/say/?lines=${BURST.lines}&bytes=${BURST.bytes}&n=${n}`);
    }
    await delay(round.durationMs);
    const answered = (await askStatus(web.initPid).catch(() => undefined)) !== undefined;
    const done = load.results.filter(({ kind }) => kind === "burst").length;
    stall = {
      answered,
      grewBytes: privateBytes(web.initPid) - bytesBefore,
      unansweredAtEnd: BURST.requests - done,
    };
  } finally {
    web.reader.resume();
  }
  return { fromMs, toMs: Date.now(), exits: [], stall };
}
