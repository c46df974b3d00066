// Which requests may fail in a round: those that were in the hands of what was killed, and no others.

import type { RequestKind, RequestOutcome } from "./load.ts";
import type { Observation } from "./observation.ts";
import { timeOf } from "./records.ts";

/** From the moment a signal is sent until its process can no longer take anything up. */
const SIGNAL_LATENCY_MS = 50;
/** Django notices at the next request that its connection to the database has been closed. */
const RECONNECT_MS = 1_000;
/** Publishing is tried again for less than a second; the connection is made anew meanwhile. */
const REPUBLISH_MS = 2_000;

/** Failures that are excused for requests under way at any moment of it. */
export interface Excuse {
  fromMs: number;
  toMs: number;
  outcomes: readonly RequestOutcome["outcome"][];
  kinds: readonly RequestKind[];
}

const ALL: readonly RequestKind[] = [
  "static",
  "plain",
  "slow",
  "database",
  "page",
  "say",
  "queue",
  "burst",
  "allocate",
];
const DJANGO = ALL.filter((kind) => kind !== "static");

export function excusesOf(observation: Observation): Excuse[] {
  const { round, fault } = observation;
  const { fromMs, toMs } = fault;
  const until = (msg: string): number => timeOf(observation, msg, fromMs) ?? Number.POSITIVE_INFINITY;
  const aimedAt = round.fault.action === "kill" || round.fault.action === "disk" ? round.target : undefined;
  switch (aimedAt) {
    case "nginx-master":
      // Its workers are ended before the next master starts. New connections wait in the socket that PID 1 holds.
      return [{ fromMs, toMs: until("nginx started"), outcomes: ["cut"], kinds: ALL }];
    case "nginx-worker":
      return [{ fromMs, toMs: toMs + SIGNAL_LATENCY_MS, outcomes: ["cut"], kinds: ALL }];
    case "gunicorn-master":
      return [{ fromMs, toMs: until("gunicorn started"), outcomes: [502], kinds: DJANGO }];
    case "gunicorn-worker":
      return [{ fromMs, toMs: toMs + SIGNAL_LATENCY_MS, outcomes: [502], kinds: DJANGO }];
  }
  switch (round.fault.action) {
    case "database":
      return [{ fromMs, toMs: toMs + RECONNECT_MS, outcomes: [500, 503], kinds: ["database", "page"] }];
    case "broker":
      return [{ fromMs, toMs: toMs + REPUBLISH_MS, outcomes: [500, 503], kinds: ["queue"] }];
    case "memory":
      return [{ fromMs, toMs: toMs + SIGNAL_LATENCY_MS, outcomes: [502], kinds: DJANGO }];
    case "sockets":
    case "stop":
      if (round.member !== "web" && round.member !== "all") return [];
      return [{ fromMs, toMs, outcomes: ["refused"], kinds: ALL }];
    default:
      return [];
  }
}

export function isExcused(request: RequestOutcome, excuses: readonly Excuse[]): boolean {
  return excuses.some(
    ({ fromMs, toMs, outcomes, kinds }) =>
      request.startMs <= toMs &&
      request.endMs >= fromMs &&
      outcomes.includes(request.outcome) &&
      kinds.includes(request.kind),
  );
}
