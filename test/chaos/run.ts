// npm run chaos [-- --rounds N --seed S --lanes L --fault NAME]
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { prepareRun } from "../support/prepare-run.ts";
import { runRounds } from "./lanes.ts";
import { type ChaosOptions, readOptions, USAGE } from "./options.ts";
import { failureText, summaryTable, verdictLine } from "./report.ts";
import { planRounds } from "./round.ts";
import { saveDetails } from "./save-details.ts";
import type { Verdict } from "./verdict.ts";

const { rounds, seed, lanes, fault } = optionsOrEnd(process.argv.slice(2));
/** The first one lets the rounds under way end, the second ends at once. */
const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.on(signal, () => (interrupted.signal.aborted ? process.exit(130) : interrupted.abort()));

const teardown = await prepareRun();
const directory = mkdtempSync(join(tmpdir(), "djinit-chaos-"));
const startedMs = performance.now();
const verdicts: Verdict[] = [];
console.log(`${rounds} rounds from seed ${seed}, ${lanes} at once`);

try {
  await runRounds(planRounds(seed, rounds, fault), { lanes, until: interrupted.signal }, (verdict) => {
    const folder = verdict.violations.length > 0 ? saveDetails(directory, verdict) : "";
    if (verdict.firstTry !== undefined) saveDetails(join(directory, "first-tries"), verdict.firstTry);
    verdicts.push(lighten(verdict));
    console.log(verdictLine(verdict, verdicts.length, rounds));
    if (folder !== "") console.log(failureText(verdict, folder));
  });
} finally {
  await teardown();
}

const failed = verdicts.filter(({ violations }) => violations.length > 0);
const minutes = ((performance.now() - startedMs) / 60_000).toFixed(1);
for (const line of summaryTable(verdicts)) console.log(line);
console.log(
  `${verdicts.length} rounds from seed ${seed} in ${minutes} min, ${failed.length} with violations`,
);
for (const { round, excused } of verdicts)
  for (const what of excused) console.log(`Excused: seed ${round.seed}: ${what}`);
const repeated = verdicts.filter(({ firstTry }) => firstTry !== undefined);
if (repeated.length > 0)
  console.log(
    `Done twice, since the machine stood still: ${repeated.map(({ round }) => round.seed).join(" ")}`,
  );
if (failed.length > 0) {
  console.log(`Seeds: ${failed.map(({ round }) => round.seed).join(" ")}`);
  console.log(`Details: ${directory}`);
}
process.exitCode = failed.length === 0 ? 0 : 1;

/** A thousand logs need not be kept. */
function lighten(verdict: Verdict): Verdict {
  const { observation, firstTry, ...rest } = verdict;
  const first = firstTry === undefined ? {} : { firstTry: lighten(firstTry) };
  if (observation === undefined) return { ...rest, ...first, logs: [] };
  const light = { ...observation, requests: [], ledger: "", samples: [], logs: [] };
  return { ...rest, ...first, logs: [], observation: light };
}

/** Ends this process where there is nothing to run. */
function optionsOrEnd(words: readonly string[]): ChaosOptions {
  if (words.includes("--help")) {
    console.log(USAGE);
    process.exit(0);
  }
  try {
    return readOptions(words, Date.now() % 2 ** 32);
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    process.exit(2);
  }
}
