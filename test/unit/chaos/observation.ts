// A round in which all went well, made by hand; tests spoil one thing at a time.
import type { FaultSpec } from "../../chaos/fault-table.ts";
import { faultNamed, type ProcessKind } from "../../chaos/fault-table.ts";
import type { RequestOutcome } from "../../chaos/load.ts";
import type { MemberLog, MemberProcesses, Observation } from "../../chaos/observation.ts";
import type { Round } from "../../chaos/round.ts";

/** When the fault came. */
export const FAULT_MS = Date.parse("2026-11-25T10:00:00.000Z");
const INIT_PID = 5_000;

export function roundOf(faultName: string, target?: ProcessKind): Round {
  const fault: FaultSpec = faultNamed(faultName);
  return {
    seed: 7,
    subject: "all-in-one",
    fault,
    member: "all",
    target: target ?? fault.targets[0],
    choice: 0,
    momentMs: 500,
    durationMs: 0,
  };
}

export function requestAt(fromMs: number, toMs: number, more: Partial<RequestOutcome> = {}): RequestOutcome {
  const n = more.n ?? `r${fromMs}`;
  const kind = more.kind ?? "plain";
  const outcome = kind === "queue" ? 202 : 200;
  return { n, kind, startMs: FAULT_MS + fromMs, endMs: FAULT_MS + toMs, outcome, reused: false, ...more };
}

/** What `service` says `afterMs` after the fault. */
export function lineAt(afterMs: number, service: string, msg: string, more: object = {}): string {
  const time = new Date(FAULT_MS + afterMs).toISOString();
  return JSON.stringify({ time, level: "info", service, msg, ...more });
}

export function accessLine({ n, endMs, outcome }: RequestOutcome): string {
  const url = { path: "/debug/headers/", query: `n=${n}` };
  const more = { url, http: { response: { status_code: outcome } } };
  return lineAt(endMs - FAULT_MS, "nginx", `GET / ${outcome}`, more);
}

export function logOf(lines: readonly string[], more: Partial<MemberLog> = {}): MemberLog {
  return {
    member: "all",
    lines: lines.map((text) => ({ text, atMs: FAULT_MS })),
    half: "",
    stderr: "",
    ...more,
  };
}

export function processOf(
  innerPid: number,
  parentPid: number,
  kind: ProcessKind | "other",
  state = "S",
): MemberProcesses["processes"][number] {
  return {
    pid: INIT_PID + innerPid - 1,
    innerPid,
    parentPid: INIT_PID + parentPid - 1,
    state,
    argv: [kind],
    kind,
  };
}

export function sampleOf(extra: MemberProcesses["processes"] = []): MemberProcesses {
  const planned = [
    processOf(1, 0, "djinit"),
    processOf(10, 1, "gunicorn-master"),
    processOf(11, 10, "gunicorn-worker"),
    processOf(12, 10, "gunicorn-worker"),
    processOf(20, 1, "nginx-master"),
    processOf(21, 20, "nginx-worker"),
    processOf(30, 1, "celery-main"),
    processOf(40, 1, "beat"),
  ];
  return {
    member: "all",
    initPid: INIT_PID,
    servicePids: [10, 20, 30, 40],
    processes: [...planned, ...extra],
  };
}

/** Two requests and a task before and after a fault that nothing comes of. */
export function goodObservation(round: Round, more: Partial<Observation> = {}): Observation {
  const requests = more.requests ?? [
    requestAt(-200, -190),
    requestAt(-150, -140, { n: "t1", kind: "queue" }),
    requestAt(300, 310),
  ];
  return {
    round,
    fault: { fromMs: FAULT_MS, toMs: FAULT_MS + 1, exits: [] },
    notServing: [],
    recoveredAfterMs: 100,
    samples: [sampleOf()],
    requests,
    ledger: "begin t1\nend t1\n",
    settledTasks: new Set(),
    logs: [logOf(requests.filter(({ outcome }) => typeof outcome === "number").map(accessLine))],
    ...more,
  };
}
