// A second djinit, things in PID 1's way, open WebSockets: what has to be true of each, with its negative controls.
import { describe, expect, test } from "vitest";
import { planPlants } from "../../chaos/fault-planted.ts";
import { judge } from "../../chaos/invariants.ts";
import type { FaultReport, PlantedReport, SecondRun, SocketOutcome } from "../../chaos/observation.ts";
import { accessLine, goodObservation, logOf, requestAt, roundOf, sampleOf } from "./observation.ts";

/** Names of the invariants that a round with this report breaks. */
function broken(faultName: string, report: Partial<FaultReport>, lines: readonly string[] = []): string[] {
  const good = goodObservation(roundOf(faultName));
  const logged = good.logs[0]?.lines.map(({ text }) => text) ?? [];
  const logs = [logOf([...logged, ...lines])];
  return judge({ ...good, logs, fault: { ...good.fault, ...report } }).map(({ invariant }) => invariant);
}

describe("a second djinit", () => {
  const second = (change: Partial<SecondRun>) => {
    const run = { words: ["release"], user: "root", status: 0, said: "released", changed: [], ...change };
    return broken("second-djinit", { seconds: [run] });
  };
  const end = ["a second djinit works or refuses"];

  test("does its work or says why not", () => {
    expect(second({})).toEqual([]);
    expect(second({ words: ["true"], said: "" })).toEqual([]);
    expect(second({ status: 78, said: "djinit runs already" })).toEqual([]);
    expect(second({ status: 78, said: " \n" })).toEqual(end);
    expect(second({ status: 80, said: "the migration failed" })).toEqual(end);
    expect(second({ status: 70 })).toEqual(end);
    expect(second({ status: 137 })).toEqual(end);
    expect(second({ status: undefined })).toEqual(end);
  });

  test("with a mistyped word ends with 2 and its usage", () => {
    const mistyped = { words: ["migrations", "x"] };
    expect(second({ ...mistyped, status: 2, said: "usage: djinit …" })).toEqual([]);
    expect(second({ ...mistyped, status: 2, said: "" })).toEqual(end);
    expect(second({ ...mistyped, status: 0 })).toEqual(end);
    expect(second({ ...mistyped, status: 127 })).toEqual(end);
  });

  test("is refused as a server, which is for a container of its own", () => {
    const server = { words: ["celery", "worker"] };
    expect(second({ ...server, status: 1, said: "djinit runs already" })).toEqual([]);
    expect(second({ ...server, status: 1, said: "" })).toEqual(end);
    expect(second({ ...server, status: 0 })).toEqual(end);
    expect(second({ ...server, status: undefined })).toEqual(end);
  });

  test("leaves the sockets and PID files of the first", () => {
    expect(second({ changed: ["/run/djinit/control.sock"] })).toEqual([
      "a second djinit takes nothing from the first",
    ]);
  });

  test("is no excuse for a request that fails, nor for a service that dies", () => {
    const requests = [requestAt(0, 5, { outcome: 502 })];
    const logs = [logOf(requests.map(accessLine))];
    const found = judge(goodObservation(roundOf("second-djinit"), { requests, logs }));
    expect(found.map(({ invariant }) => invariant)).toEqual(["every accepted request is answered"]);
  });
});

describe("things in the way of PID 1", () => {
  const planted = (change: Partial<PlantedReport>, question = "/metrics", answer = "200") => {
    const answers = [{ question, answer }];
    const plants = { planted: ["fifo at /run/x"], answers, grewBytes: 0, ...change };
    return broken("planted-fifo", { plants });
  };
  const rule = ["PID 1 answers whatever lies in its way"];

  test("do not keep it from answering", () => {
    expect(planted({})).toEqual([]);
    expect(planted({}, "status", "answered")).toEqual([]);
    expect(planted({}, "/metrics", "none (the operation timed out)")).toEqual(rule);
    expect(planted({}, "/metrics", "500")).toEqual(rule);
    expect(planted({}, "status", "none (no answer within 10000 ms)")).toEqual(rule);
    expect(planted({}, "health", '{"code":"DJINIT_INTERNAL"}')).toEqual(rule);
  });

  test("do not make it large, and do not end it", () => {
    expect(planted({ grewBytes: 31 * 1024 * 1024 })).toEqual([]);
    expect(planted({ grewBytes: 33 * 1024 * 1024 })).toEqual(rule);
    expect(planted({ grewBytes: undefined })).toEqual(rule);
  });

  test("do not change what the probes say, unless a service's own report says that it has stopped", () => {
    expect(planted({}, "/livez?verbose", "503")).toEqual(rule);
    const forged = { planted: ["forged at /run/celery/celery-worker.heartbeat"] };
    expect(planted(forged, "/livez?verbose", "503")).toEqual([]);
    expect(planted(forged, "/metrics", "503")).toEqual(rule);
  });

  test("lie where the seed says, at least one of each kind in a few rounds", () => {
    const rounds = Array.from({ length: 40 }, (_, at) => planPlants({ member: "all", choice: at / 40 }));
    expect(planPlants({ member: "all", choice: 0.3 })).toEqual(planPlants({ member: "all", choice: 0.3 }));
    const kinds = new Set(rounds.flat().map(({ kind }) => kind));
    expect([...kinds].sort()).toEqual([
      "directory",
      "fifo",
      "forged",
      "link",
      "socket",
      "sparse",
      "unreadable",
    ]);
    const stacks = rounds.flat().filter(({ path }) => path.endsWith(".stack"));
    expect(stacks.length).toBeGreaterThan(20);
    const web = planPlants({ member: "web", choice: 0.3 }).map(({ path }) => path);
    expect(web.filter((path) => path.includes("celery"))).toEqual([]);
  });
});

describe("open WebSockets", () => {
  const SOCKET: SocketOutcome = {
    n: "s1",
    polite: true,
    endedBy: "TERM",
    echoes: 9,
    closedMs: 1,
    code: 1001,
  };
  const line = (n: string, outcome = 101) => accessLine(requestAt(0, 9, { n, outcome }));
  const held = (change: Partial<SocketOutcome>, lines = [line("s1")]) =>
    broken("websocket", { sockets: [{ ...SOCKET, ...change }] }, lines);
  const rule = ["an open WebSocket is closed"];

  test("are told of a stop by the application's own close frame", () => {
    expect(held({})).toEqual([]);
    expect(held({ code: 1012, endedBy: "HUP" })).toEqual([]);
    expect(held({ code: 1006 })).toEqual(rule);
    expect(held({ code: 1006, endedBy: "HUP" })).toEqual(rule);
    expect(held({ code: undefined, closedMs: undefined })).toEqual(rule);
  });

  test("end with an application that does not say goodbye, and at once with QUIT", () => {
    expect(held({ polite: false, code: 1006 })).toEqual([]);
    expect(held({ code: 1006, endedBy: "QUIT" }, [])).toEqual([]);
    expect(held({ polite: false, code: undefined, closedMs: undefined })).toEqual(rule);
  });

  test("that the client closes have worked until then", () => {
    expect(held({ endedBy: "client", code: 1000 })).toEqual([]);
    expect(held({ endedBy: "client", code: 1006 })).toEqual(rule);
  });

  test("have one line in the access log", () => {
    const missing = ["every answer has one line in the access log"];
    expect(held({}, [])).toEqual(missing);
    expect(held({}, [line("s1"), line("s1")])).toEqual(missing);
    expect(held({}, [line("s1", 502)])).toEqual(missing);
    expect(held({}, [line("s12")])).toEqual(missing);
  });

  test("that keep a stop from ending in time are seen", () => {
    const exits = [{ member: "all" as const, status: 137, afterMs: 25_100 }];
    expect(broken("websocket", { exits, sockets: [SOCKET] }, [line("s1")])).toEqual([
      "a stop ends with status 0 in time",
    ]);
  });
});

test("a PID 1 that answers nobody, or is gone, is seen without asking whose its children are", () => {
  const silent = { ...sampleOf(), servicePids: undefined };
  const found = judge(goodObservation(roundOf("planted-fifo"), { samples: [silent] }));
  expect(found).toEqual([{ invariant: "PID 1 answers", expected: "all tells its status", got: "no answer" }]);
  const gone = { ...silent, processes: [] };
  expect(judge(goodObservation(roundOf("planted-fifo"), { samples: [gone] }))[0]?.got).toBe("it is gone");
});
