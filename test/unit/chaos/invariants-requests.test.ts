// Which requests may fail after which fault, and that no others may.
import { expect, test } from "vitest";
import type { ProcessKind } from "../../chaos/fault-table.ts";
import { requestsAnswered } from "../../chaos/invariant-requests.ts";
import type { RequestOutcome } from "../../chaos/load.ts";
import { goodObservation, lineAt, logOf, requestAt, roundOf } from "./observation.ts";

/** nginx's master is gone until 300 ms, gunicorn's until 700 ms after the fault. */
const LOG = logOf([lineAt(300, "djinit", "nginx started"), lineAt(700, "djinit", "gunicorn started")]);

type Outcome = RequestOutcome["outcome"];
type Case = [
  fault: string,
  kind: RequestOutcome["kind"],
  from: number,
  to: number,
  Outcome,
  target?: ProcessKind,
];

const EXCUSED: Case[] = [
  ["kill-nginx-master", "static", -5, 5, "cut"],
  ["kill-nginx-worker", "plain", -5, 5, "cut"],
  ["kill-gunicorn-worker", "slow", -100, 5, 502],
  ["kill-gunicorn-master", "database", 600, 602, 502],
  ["database-restart", "page", 100, 120, 500],
  ["database-paused", "database", 100, 120, 503],
  ["broker-gone", "queue", 100, 900, 503],
  ["memory", "plain", 0, 10, 502],
  ["term-run", "plain", 0, 1, "refused"],
  ["run-full-kill", "plain", 600, 602, 502, "gunicorn-master"],
];

const NOT_EXCUSED: Case[] = [
  // Before the fault, or when it is over.
  ["kill-nginx-master", "plain", -20, -10, "cut"],
  ["kill-nginx-master", "plain", 350, 360, "cut"],
  ["kill-nginx-master", "plain", 250, 260, "refused"],
  ["kill-nginx-worker", "plain", 100, 110, "cut"],
  ["kill-gunicorn-worker", "plain", 100, 110, 502],
  ["kill-gunicorn-master", "plain", 750, 760, 502],
  ["database-restart", "page", 1_100, 1_110, 500],
  ["term-run", "plain", -20, -10, "refused"],
  // Another failure than the fault's.
  ["kill-nginx-worker", "plain", -5, 5, "refused"],
  ["kill-nginx-worker", "plain", -5, 5, 502],
  ["kill-gunicorn-worker", "plain", -5, 5, "cut"],
  ["kill-gunicorn-master", "plain", 100, 110, "refused"],
  ["term-run", "plain", -5, 5, "cut"],
  ["term-run", "plain", -5, 5, 502],
  ["memory", "plain", 0, 10, "cut"],
  // A request that has nothing to do with it.
  ["kill-gunicorn-master", "static", 100, 110, 502],
  ["database-restart", "plain", 0, 10, 500],
  ["broker-gone", "page", 0, 10, 500],
  // Faults that excuse nothing.
  ["kill-celery-main", "plain", -5, 5, 502],
  ["kill-beat", "plain", -5, 5, "refused"],
  ["freeze-nginx-worker", "plain", -5, 5, "cut"],
  ["freeze-gunicorn-worker", "plain", -5, 5, 502],
  ["reload", "plain", -5, 5, "refused"],
  ["reload", "plain", -5, 5, 502],
  ["reader-stalled", "plain", -5, 5, "timeout"],
  ["run-full", "plain", -5, 5, 502],
  // Never.
  ["kill-nginx-master", "plain", -5, 5, "another's answer"],
  ["term-run", "plain", -5, 5, "timeout"],
];

function violations([fault, kind, from, to, outcome, target]: Case): number {
  const requests = [requestAt(from, to, { kind, outcome })];
  const observation = goodObservation(roundOf(fault, target), { requests, logs: [LOG] });
  return requestsAnswered(observation).length;
}

test.each(EXCUSED)("excused: %s, %s from %d to %d ms ends with %s", (...it) => {
  expect(violations(it as Case)).toBe(0);
});

test.each(NOT_EXCUSED)("not excused: %s, %s from %d to %d ms ends with %s", (...it) => {
  expect(violations(it as Case)).toBe(1);
});

test("what met the end of an idle connection counts by what came of it when it was asked again", () => {
  const requests = [
    requestAt(0, 5, { n: "a", outcome: "idle-closed", reused: true }),
    requestAt(0, 9, { n: "ar", outcome: 200 }),
  ];
  expect(requestsAnswered(goodObservation(roundOf("freeze-beat"), { requests }))).toEqual([]);
  const retried = requests.map((it) => (it.n === "ar" ? { ...it, outcome: "cut" as const } : it));
  expect(requestsAnswered(goodObservation(roundOf("freeze-beat"), { requests: retried }))).toHaveLength(1);
});

test("an allocation that is answered 200 has exhausted nothing", () => {
  const requests = [requestAt(0, 5, { kind: "allocate", outcome: 200 })];
  expect(requestsAnswered(goodObservation(roundOf("memory"), { requests }))).toHaveLength(1);
});

test("a server that never comes back excuses what failed meanwhile; that it serves is another rule", () => {
  const requests = [requestAt(5_000, 5_010, { outcome: 502 })];
  const observation = goodObservation(roundOf("kill-gunicorn-master"), { requests, logs: [logOf([])] });
  expect(requestsAnswered(observation)).toEqual([]);
});
