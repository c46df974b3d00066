// What it is measured against: a Node that passes on its stdin and looks at nothing.
import { writeSync } from "node:fs";

const FIGURES_FD = 3;

let started: { ms: number; cpu: NodeJS.CpuUsage } | undefined;
process.stdin.once("data", () => {
  started = { ms: performance.now(), cpu: process.cpuUsage() };
});
process.stdin.pipe(process.stdout);
process.stdin.once("end", () => {
  const cpu = process.cpuUsage(started?.cpu);
  const seconds = (performance.now() - (started?.ms ?? 0)) / 1000;
  writeSync(FIGURES_FD, JSON.stringify({ seconds, cpuSeconds: (cpu.user + cpu.system) / 1e6 }));
});
