// What is measured: the relay as PID 1 has it, with everything that looks on. Started by measure.ts as
// `node … subject.js OPTIONS`, with stdout for the records and descriptor 3 for its figures.
import { spawn } from "node:child_process";
import { readFileSync, writeSync } from "node:fs";
import { systemClock } from "../../../src/base/clock.ts";
import { openRelay } from "../../../src/logs/read/relay.ts";
import { openSink } from "../../../src/logs/write/open-sink.ts";
import { keepHeapSmall, keepMemorySmall } from "../../../src/supervise/memory/idle-memory.ts";
import type { SubjectFigures, SubjectOptions } from "./measure.ts";

const FIGURES_FD = 3;
const FLUSH_TIMEOUT_MS = 60_000;

const { writers, sampleAt } = JSON.parse(process.argv[2] as string) as SubjectOptions;
const sink = openSink(1);
keepMemorySmall(sink, systemClock);
keepHeapSmall(sink, systemClock);

let lines = 0;
let started: { ms: number; cpu: NodeJS.CpuUsage } | undefined;
const privateMb: number[] = [];
const hosts = new Map<string, Float64Array>();
const observer = {
  access({ host, status, requestSeconds }: { host: string; status: number; requestSeconds: number }): void {
    const figures = hosts.getOrInsertComputed(host, () => new Float64Array(602));
    figures[status] = (figures[status] as number) + 1;
    figures[600] = (figures[600] as number) + requestSeconds;
  },
  record(): void {},
  relayed(_service: string, more: number): void {
    started ??= { ms: performance.now(), cpu: process.cpuUsage() };
    const next = sampleAt[privateMb.length];
    lines += more;
    if (next !== undefined && lines >= next) privateMb.push(readPrivateMb());
  },
};

async function main(): Promise<void> {
  const ended = writers.map(({ service, argv }) => {
    const relay = openRelay({ service, sink, clock: systemClock, onRecord: () => {}, observer });
    const [file = "", ...words] = argv;
    const child = spawn(file, words, { stdio: ["ignore", relay.writeFd, "inherit"] });
    relay.childHasIt(child.pid);
    return relay.ended;
  });
  await Promise.all(ended);
  await sink.flush(FLUSH_TIMEOUT_MS);
  const cpu = process.cpuUsage(started?.cpu);
  const figures: SubjectFigures = {
    lines,
    seconds: (performance.now() - (started?.ms ?? 0)) / 1000,
    cpuSeconds: (cpu.user + cpu.system) / 1e6,
    privateMb,
  };
  writeSync(FIGURES_FD, JSON.stringify(figures));
  process.exit();
}

void main();

/**
 * Clean and dirty, without the clean pages of the program's own file: as soon as a second container runs, the kernel
 * has them once for both.
 */
function readPrivateMb(): number {
  let kib = 0;
  let isProgram = false;
  for (const line of readFileSync("/proc/self/smaps", "latin1").split("\n")) {
    const [name = "", number] = line.split(/\s+/);
    if (/^[0-9a-f]+-[0-9a-f]+$/.test(name)) isProgram = line.endsWith(process.execPath);
    else if (name === "Private_Dirty:" || (name === "Private_Clean:" && !isProgram)) kib += Number(number);
  }
  return (kib * 1024) / 1e6;
}
