// Reads records from stdin and looks at each: is it whole, and the next one of its writer? With LATENCY set also how long
// it took from its writing to here. Writes what it found to descriptor 3.
import { writeSync } from "node:fs";
import { type LineKind, recordOf, withoutTime } from "./lines.ts";
import type { CheckerFigures } from "./measure.ts";

const FIGURES_FD = 3;
const [kindsText = "[]", latency = ""] = process.argv.slice(2);
const kinds = JSON.parse(kindsText) as LineKind[];

const MARK_PLACE = "#w00-00000000";
/** What stands before, between and after the marks of a record. */
const parts = kinds.map((kind) => recordOf(kind, MARK_PLACE).split(MARK_PLACE));
const next = new Array<number>(kinds.length).fill(0);
const latencies: number[] = [];
let faults = 0;
let firstFault = "";
let rest = "";

/** What has come where the time is what matters: it is looked at afterwards, or the looking would be measured, too. */
const arrived: { chunk: string; now: bigint }[] = [];

process.stdin.setEncoding("latin1");
process.stdin.on("data", (chunk: string) => {
  if (latency === "") look(chunk, 0n);
  else arrived.push({ chunk, now: process.hrtime.bigint() });
});
process.stdin.once("end", () => {
  for (const { chunk, now } of arrived) look(chunk, now);
  if (rest !== "") noteFault(rest);
  latencies.sort((a, b) => a - b);
  const figures: CheckerFigures = { counts: next, faults, firstFault, latenciesMs: percentiles() };
  writeSync(FIGURES_FD, JSON.stringify(figures));
});

function look(chunk: string, now: bigint): void {
  const lines = (rest + chunk).split("\n");
  rest = lines.pop() ?? "";
  for (const line of lines) if (!isExpected(line, now)) noteFault(line);
}

function isExpected(line: string, now: bigint): boolean {
  const at = line.indexOf("#w");
  const writer = Number(line.slice(at + 2, at + 4));
  const expected = parts[writer];
  if (at === -1 || expected === undefined) return false;
  const length = latency === "" ? MARK_PLACE.length : line.indexOf(latencyEnd(line, at), at) - at;
  const mark = line.slice(at, at + length);
  if (Number(mark.slice(5, 13)) !== next[writer]) return false;
  next[writer] = (next[writer] as number) + 1;
  if (latency !== "") latencies.push(Number(now - BigInt(mark.slice(14))) / 1e6);
  const text = withoutTime(line).replace(/"pid":\d+,"msg":"the oven/, '"pid":PID,"msg":"the oven');
  const wanted = expected.join(mark);
  return text === wanted || text === wanted.replace(/"pid":21,"msg":"the oven/, '"pid":PID,"msg":"the oven');
}

/** The character behind a mark that has a time. */
function latencyEnd(line: string, at: number): string {
  return /[^#w\d@-]/.exec(line.slice(at))?.[0] ?? "";
}

function noteFault(line: string): void {
  faults += 1;
  if (firstFault === "") firstFault = line.slice(0, 1_000);
}

function percentiles(): Record<string, number> {
  if (latencies.length === 0) return {};
  const at = (share: number) =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0;
  return { p50: at(0.5), p99: at(0.99), max: latencies.at(-1) ?? 0 };
}
