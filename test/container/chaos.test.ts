// A small part of `npm run chaos`: every fault at least once. Seeds are fixed, so that a failure is one for everybody.
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FAULTS } from "../chaos/fault-table.ts";
import { runRounds } from "../chaos/lanes.ts";
import { failureText } from "../chaos/report.ts";
import { planCover } from "../chaos/round.ts";
import { saveDetails } from "../chaos/save-details.ts";
import type { Verdict } from "../chaos/verdict.ts";

const FIRST_SEED = 20_260_101;
const ROUNDS = 30;
const LANES = 3;
const TIMEOUT_MS = 600_000;

test(
  `${ROUNDS} rounds of faults from seed ${FIRST_SEED} on: nothing is lost, and all serve again`,
  async () => {
    const verdicts: Verdict[] = [];
    await runRounds(planCover(FIRST_SEED, ROUNDS), { lanes: LANES }, (verdict) => verdicts.push(verdict));
    const failures = verdicts
      .filter(({ violations }) => violations.length > 0)
      .map((verdict) =>
        failureText(verdict, saveDetails(mkdtempSync(join(tmpdir(), "djinit-chaos-")), verdict)),
      );
    expect(failures.join("\n\n")).toBe("");
    expect(verdicts).toHaveLength(ROUNDS);
    expect(new Set(verdicts.map(({ round }) => round.fault.name)).size).toBe(FAULTS.length);
    // Rounds that had no load would prove nothing.
    for (const { observation } of verdicts) expect(observation?.requests.length).toBeGreaterThan(20);
  },
  TIMEOUT_MS,
);
