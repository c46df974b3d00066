import { expect, test } from "vitest";
import { FAULTS } from "../../chaos/fault-table.ts";
import { failureText, summaryTable, verdictLine } from "../../chaos/report.ts";
import { StallWatch } from "../../chaos/stall-watch.ts";
import type { Verdict } from "../../chaos/verdict.ts";
import { goodObservation, lineAt, logOf, roundOf } from "./observation.ts";

const VIOLATION = { invariant: "no zombie", expected: "every dead process is reaped", got: "pid 50" };

function verdictOf(faultName: string, violations: Verdict["violations"] = []): Verdict {
  const round = roundOf(faultName);
  const observation = goodObservation(round);
  const logs = [logOf([lineAt(5, "djinit", "gunicorn started"), lineAt(6, "nginx", "GET / 200")])];
  return {
    round,
    violations,
    tookMs: 3_000,
    observation,
    logs,
    stalledMs: 0,
    loadPerProcessor: 4,
    excused: [],
  };
}

test("a line for each round says what was done and what came of it", () => {
  expect(verdictLine(verdictOf("kill-beat"), 3, 10)).toBe(
    "3/10 seed 7: all-in-one, kill-beat in all after 500 ms: ok (3.0 s, serving again after 100 ms)",
  );
  expect(verdictLine(verdictOf("kill-beat", [VIOLATION]), 4, 10)).toContain("1 VIOLATIONS");
  const second = { ...verdictOf("kill-beat"), firstTry: { ...verdictOf("kill-beat"), stalledMs: 9_000 } };
  expect(verdictLine(second, 5, 10)).toContain(
    "second try: in the first the machine stood still for 9000 ms",
  );
});

test("a failing round is told with its rule, its processes, what djinit said, and how to repeat it", () => {
  const text = failureText(verdictOf("kill-beat", [VIOLATION]), "/tmp/there");
  for (const part of [
    "load of the machine: 4.0 for each processor",
    "no zombie",
    "expected: every dead process is reaped",
    "got:      pid 50",
    "nginx-master",
    "all info djinit: gunicorn started",
    "all of it: /tmp/there",
    "npm run chaos -- --seed 7",
  ])
    expect(text).toContain(part);
  expect(text).not.toContain("GET / 200");
});

test("a rule that is broken a thousand times does not hide one that is broken once", () => {
  const others = Array.from({ length: 1_000 }, (_, at) => ({
    invariant: "every accepted request is answered",
    expected: "200",
    got: `502 for ${at}`,
  }));
  const text = failureText(verdictOf("kill-beat", [...others, VIOLATION]), "/tmp/there");
  expect(text).toContain("and 996 more");
  expect(text).toContain("got:      pid 50");
  expect(text.split("every accepted request is answered")).toHaveLength(2);
});

test("the table has a row for each fault that was met, and all of them together", () => {
  const verdicts = [verdictOf("kill-beat"), verdictOf("kill-beat", [VIOLATION]), verdictOf("memory")];
  expect(summaryTable(verdicts)).toEqual([
    "fault      rounds  with violations  serving again (median)",
    "kill-beat  2       1                0.1 s",
    "memory     1       0                0.1 s",
    "all        3       1                0.1 s",
  ]);
  const every = FAULTS.map(({ name }) => verdictOf(name));
  expect(summaryTable(every)).toHaveLength(FAULTS.length + 2);
});

test("a process that is not let run notices for how long", async () => {
  const watch = new StallWatch();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 700);
  expect(watch.stop()).toBeGreaterThan(500);
});
