// Each invariant with what satisfies it and, as a negative control, with what must not.
import { describe, expect, test } from "vitest";
import { judge } from "../../chaos/invariants.ts";
import type { Observation } from "../../chaos/observation.ts";
import {
  accessLine,
  FAULT_MS,
  goodObservation,
  lineAt,
  logOf,
  processOf,
  requestAt,
  roundOf,
  sampleOf,
} from "./observation.ts";

const QUIET = roundOf("freeze-beat");
const NAMES = (observation: Observation) => [
  ...new Set(judge(observation).map(({ invariant }) => invariant)),
];

test("a round in which all went well breaks none", () => {
  expect(judge(goodObservation(QUIET))).toEqual([]);
});

describe("each of these breaks one", () => {
  const spoilt: [what: string, invariant: string, change: Partial<Observation>][] = [
    ["web does not answer", "serves again", { notServing: ["no 200 for plain"] }],
    ["a zombie", "no zombie", { samples: [sampleOf([processOf(50, 1, "other", "Z")])] }],
    ["a task that never ran", "every queued task runs", { ledger: "" }],
    ["a task that was begun and no more", "every queued task runs", { ledger: "begin t1\n" }],
    ["a task that ran twice", "no task runs twice", { ledger: "begin t1\nend t1\nbegin t1\nend t1\n" }],
    ["a task begun twice", "no task runs twice", { ledger: "begin t1\nbegin t1\nend t1\n" }],
    [
      "a task of an earlier round that runs again",
      "no task runs twice",
      { ledger: "begin t1\nend t1\nbegin t0\nend t0\nbegin t0\nend t0\n", settledTasks: new Set(["t0"]) },
    ],
    ["a stop that ends with 137", "a stop ends with status 0 in time", exitOf(137, 25_000)],
    ["a stop that ends with 0 too late", "a stop ends with status 0 in time", exitOf(0, 28_000)],
    ["a stop that does not end", "a stop ends with status 0 in time", exitOf(undefined, 27_000)],
  ];
  test.each(spoilt)("%s", (_what, invariant, change) => {
    expect(NAMES(goodObservation(QUIET, change))).toEqual([invariant]);
  });

  test("an orphan, which is a process too many as well", () => {
    const orphan = processOf(60, 1, "gunicorn-worker");
    const found = judge(goodObservation(QUIET, { samples: [sampleOf([orphan])] }));
    expect(found.map(({ invariant }) => invariant)).toEqual(["no orphan", "the processes of the plan"]);
    expect(found[0]?.got).toContain("pid 60");
  });

  test("a process that no plan knows, one in the wrong container, and one that is missing", () => {
    const strange = processOf(61, 10, "other");
    expect(NAMES(goodObservation(QUIET, { samples: [sampleOf([strange])] }))).toEqual([
      "no process outside the plan",
    ]);
    const pool = processOf(62, 30, "celery-pool");
    expect(NAMES(goodObservation(QUIET, { samples: [sampleOf([pool])] }))).toEqual([
      "no process outside the plan",
    ]);
    const { processes, ...rest } = sampleOf();
    const fewer = { ...rest, processes: processes.filter(({ innerPid }) => innerPid !== 12) };
    expect(judge(goodObservation(QUIET, { samples: [fewer] }))).toEqual([
      { invariant: "the processes of the plan", expected: "2 gunicorn-worker in all", got: "1" },
    ]);
  });
});

describe("services", () => {
  const dying = (fault: string, msg: string, more: object = {}) => {
    const good = goodObservation(roundOf(fault));
    const lines = good.logs[0]?.lines.map(({ text }) => text) ?? [];
    return NAMES({ ...good, logs: [logOf([...lines, lineAt(5, "djinit", msg, more)])] });
  };
  const rule = "no service dies but the one that was killed";

  test("the one that was killed may die, another may not", () => {
    expect(dying("kill-beat", "celery-beat ended with status 137, starting it again in 1 ms")).toEqual([]);
    expect(dying("kill-beat", "gunicorn ended with status 1, starting it again in 1 ms")).toEqual([rule]);
    expect(dying("freeze-beat", "celery-beat ended with status 1, starting it again in 1 ms")).toEqual([
      rule,
    ]);
  });

  test("celery may give up when its broker goes, gunicorn may not", () => {
    expect(dying("broker-gone", "celery-worker ended with status 1, starting it again in 1 ms")).toEqual([]);
    expect(dying("broker-gone", "gunicorn ended with status 1, starting it again in 1 ms")).toEqual([rule]);
  });

  test("an error of djinit's own is one, whatever it is", () => {
    expect(dying("kill-beat", "something", { code: "DJINIT_INTERNAL" })).toEqual([rule]);
  });
});

describe("tasks and celery's death", () => {
  const twice = { ledger: "begin t1\nbegin t1\nend t1\n" };

  test.each(["kill-celery-main", "kill-celery-pool", "broker-gone"])(
    "after %s a task may run twice",
    (fault) => {
      expect(judge(goodObservation(roundOf(fault), twice))).toEqual([]);
    },
  );

  test("after a frozen worker, a killed web server or a stop it may not", () => {
    for (const fault of [
      "freeze-celery-main",
      "kill-gunicorn-master",
      "term-run",
      "reload",
      "database-paused",
    ])
      expect(NAMES(goodObservation(roundOf(fault), twice)), fault).toEqual(["no task runs twice"]);
  });

  test("of the tasks that were queued while the worker was killed, the broker may lose one, and only so", () => {
    const queued = (n: string, fromMs: number) =>
      requestAt(fromMs, fromMs + 10, { n, kind: "queue" as const });
    const lost = (fault: string, ...requests: ReturnType<typeof queued>[]) =>
      judge(goodObservation(roundOf(fault), { requests, ledger: "" })).length;
    expect(lost("kill-celery-main", queued("a", -3))).toBe(0);
    expect(lost("kill-celery-main", queued("a", -3), queued("b", 4))).toBe(1);
    expect(lost("kill-celery-main", queued("a", -300))).toBe(1);
    expect(lost("freeze-celery-main", queued("a", -3))).toBe(1);
    expect(lost("term-run", queued("a", -3))).toBe(1);
    expect(lost("broker-gone", queued("a", -3))).toBe(1);
    const fault = { fromMs: FAULT_MS, toMs: FAULT_MS + 900, exits: [], brokerGoneMs: FAULT_MS + 200 };
    const lostWithBroker = (...requests: ReturnType<typeof queued>[]) =>
      judge(goodObservation(roundOf("broker-gone"), { requests, ledger: "", fault })).length;
    expect(lostWithBroker(queued("a", 40))).toBe(0);
    expect(lostWithBroker(queued("a", 40), queued("b", 80))).toBe(1);
    expect(lostWithBroker(queued("a", 500))).toBe(1);
  });
});

describe("a pool process of celery's that does not end", () => {
  const round = { ...roundOf("term-run"), member: "worker" as const };
  const stuck = (afterMs: number, said: string, killed: string) => {
    const good = goodObservation(round, { ledger: "begin t1\nend t1\nbegin t1\nend t1\n" });
    const exits = [{ member: "worker" as const, status: 137, afterMs }];
    const code = { code: "DJINIT_GRACE_PERIOD_EXCEEDED" };
    const msg = `cannot stop ${killed} within 15 s: killing`;
    const lines = [lineAt(1, "celery-worker", said), lineAt(9, "djinit", msg, code)];
    const logs = [...good.logs, { ...logOf(lines), member: "worker" as const }];
    return NAMES({ ...good, fault: { ...good.fault, exits }, logs });
  };

  test("is excused where celery had begun to stop, with what comes of it", () => {
    expect(stuck(15_300, "worker: Warm shutdown (MainProcess)", "celery-worker")).toEqual([]);
  });

  test("is not where celery was never told, where it ended soon, or where others did not end", () => {
    const rules = ["a stop ends with status 0 in time", "no service dies but the one that was killed"];
    expect(stuck(15_300, "Task received", "celery-worker")).toEqual([...rules, "no task runs twice"]);
    expect(stuck(300, "worker: Warm shutdown", "celery-worker")).toEqual([...rules, "no task runs twice"]);
    expect(stuck(15_300, "worker: Warm shutdown", "nginx, celery-worker")).toEqual(rules.slice(1));
  });
});

describe("what a round itself has to show", () => {
  const stalled = (stall: object) => {
    const good = goodObservation(roundOf("reader-stalled"));
    const kept = { answered: true, grewBytes: 0, unansweredAtEnd: 8, ...stall };
    return judge({ ...good, fault: { ...good.fault, stall: kept } }).map(({ expected }) => expected);
  };

  test("with a stalled reader PID 1 answers and stays small, and the services do wait", () => {
    expect(stalled({})).toEqual([]);
    expect(stalled({ answered: false })).toEqual(["PID 1 answers its control socket"]);
    expect(stalled({ grewBytes: 9 * 1024 * 1024 })).toEqual(["PID 1 grows by at most 8 MB"]);
    expect(stalled({ unansweredAtEnd: 0 })).toEqual(["services wait in their writes"]);
  });

  test("memory that ran out is told of once, and only then", () => {
    const told = lineAt(20, "djinit", "out of memory: the kernel killed gunicorn");
    const seen = (fault: string, lines: string[]) => {
      const requests = fault === "memory" ? [requestAt(0, 1, { kind: "allocate", outcome: 502 })] : [];
      const logs = [logOf([...requests.map(accessLine), ...lines])];
      return NAMES(goodObservation(roundOf(fault), { requests, logs }));
    };
    expect(seen("memory", [told])).toEqual([]);
    const rule = ["running out of memory is told of once"];
    expect(seen("memory", [])).toEqual(rule);
    expect(seen("memory", [told, told])).toEqual(rule);
    expect(seen("freeze-beat", [told])).toEqual(rule);
  });
});

function exitOf(status: number | undefined, afterMs: number): Partial<Observation> {
  return {
    fault: { fromMs: FAULT_MS, toMs: FAULT_MS + 1, exits: [{ member: "all", status, afterMs }] },
  };
}
