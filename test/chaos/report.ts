// What people read: a line for each round, all of a failing one, a table at the end.
import { alignColumns } from "../bench/align-columns.ts";
import { FAULTS } from "./fault-table.ts";
import { recordsOf } from "./records.ts";
import type { Round } from "./round.ts";
import type { Verdict } from "./verdict.ts";

/** A round may break one rule a thousand times over, and another once. */
const MOST_SHOWN_OF_RULE = 4;
const TAIL_RECORDS = 30;
/** On a busy machine everything waits for some tenths of a second. */
const NOTEWORTHY_STALL_MS = 1_000;

export function describeRound({ seed, subject, fault, member, target, momentMs, durationMs }: Round): string {
  const aim = target === undefined || fault.name.endsWith(target) ? "" : ` ${target}`;
  const lasting = durationMs === 0 ? "" : ` for ${durationMs} ms`;
  return `seed ${seed}: ${subject}, ${fault.name}${aim} in ${member} after ${momentMs} ms${lasting}`;
}

export function verdictLine(verdict: Verdict, done: number, total: number): string {
  const { round, violations, tookMs, observation } = verdict;
  const result = violations.length === 0 ? "ok" : `${violations.length} VIOLATIONS`;
  const recovered =
    observation === undefined ? "" : `, serving again after ${observation.recoveredAfterMs} ms`;
  const again =
    verdict.firstTry === undefined
      ? ""
      : `, second try: in the first the machine stood still for ${verdict.firstTry.stalledMs} ms`;
  const excused = verdict.excused.length === 0 ? "" : `, excused: ${verdict.excused.join(", ")}`;
  return `${done}/${total} ${describeRound(round)}: ${result}${excused} (${(tookMs / 1000).toFixed(1)} s${recovered}${again})`;
}

/** Everything needed to understand a failing round at a glance. */
export function failureText(verdict: Verdict, folder: string): string {
  const { round, violations, observation, logs } = verdict;
  const lines = [`FAILED ${describeRound(round)}`];
  lines.push(`  load of the machine: ${verdict.loadPerProcessor.toFixed(1)} for each processor`);
  if (verdict.stalledMs > NOTEWORTHY_STALL_MS)
    lines.push(`  the machine let the suite stand still for ${verdict.stalledMs} ms`);
  for (const [invariant, broken = []] of Object.entries(Object.groupBy(violations, (it) => it.invariant))) {
    lines.push(`  ${invariant}`);
    for (const { expected, got } of broken.slice(0, MOST_SHOWN_OF_RULE))
      lines.push(`    expected: ${expected}`, `    got:      ${got}`);
    if (broken.length > MOST_SHOWN_OF_RULE) lines.push(`    and ${broken.length - MOST_SHOWN_OF_RULE} more`);
  }
  for (const { member, processes } of observation?.samples ?? []) {
    lines.push(`  processes of ${member}:`);
    for (const { innerPid, parentPid, state, kind, argv } of processes)
      lines.push(`    ${innerPid} (parent ${parentPid}) ${state} ${kind}: ${argv.join(" ").slice(0, 90)}`);
  }
  const own = logs
    .flatMap((log) => recordsOf(log).map((record) => ({ ...record, member: log.member })))
    .filter(({ service, level }) => service === "djinit" || level === "error");
  if (own.length > 0) lines.push("  what djinit said, and errors:");
  for (const { time, member, level, service, msg } of own.slice(-TAIL_RECORDS))
    lines.push(`    ${time} ${member} ${level} ${service}: ${msg.slice(0, 200)}`);
  lines.push(`  all of it: ${folder}`, `  again: npm run chaos -- --seed ${round.seed}`);
  return lines.join("\n");
}

/** Faults × rounds × violations. */
export function summaryTable(verdicts: readonly Verdict[]): string[] {
  const rows = FAULTS.map(({ name }) => rowOf(name, verdicts)).filter(([, rounds]) => rounds !== "0");
  const total = rowOf(undefined, verdicts);
  return alignColumns([["fault", "rounds", "with violations", "serving again (median)"], ...rows, total]);
}

function rowOf(fault: string | undefined, verdicts: readonly Verdict[]): string[] {
  const those = verdicts.filter(({ round }) => fault === undefined || round.fault.name === fault);
  const failed = those.filter(({ violations }) => violations.length > 0);
  const recovery = those
    .flatMap(({ observation }) => observation?.recoveredAfterMs ?? [])
    .sort((a, b) => a - b);
  const median = recovery[Math.floor(recovery.length / 2)];
  const seconds = median === undefined ? "-" : `${(median / 1000).toFixed(1)} s`;
  return [fault ?? "all", String(those.length), String(failed.length), seconds];
}
