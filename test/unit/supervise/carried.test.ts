import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { connectionsAt } from "../../../src/platform/unix-table.ts";
import { Carried, type Look, type Verdict } from "../../../src/supervise/sockets/carried.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const STEP_MS = 250;
const look = (clients: number, inHand: string[], waiting = 0): Look => ({ clients, inHand, waiting });

/** The verdicts on these looks, one each 250 ms, and when each but `wait` came. */
function verdicts(looks: (Look | undefined)[]): [Verdict, number][] {
  const carried = new Carried(0);
  return looks
    .map((it, at): [Verdict, number] => [carried.see(it, at * STEP_MS), at * STEP_MS])
    .filter(([verdict]) => verdict !== "wait");
}

const times = <T>(count: number, it: T): T[] => Array.from({ length: count }, () => it);

describe("the application is told to end", () => {
  test("when all clients that are left have been passed on, and nothing changes for a second", () => {
    expect(verdicts(times(5, look(2, ["1", "2"])))).toEqual([["tell", 1_000]]);
  });

  test("not as long as requests come and go", () => {
    const looks = Array.from({ length: 11 }, (_, at) => look(2, ["1", String(at + 10)]));
    expect(verdicts(looks)).toEqual([]);
  });

  test.each([
    ["a client whose request nginx has not passed on", look(3, ["1", "2"])],
    ["a request that waits for a worker", look(3, ["1", "2"], 1)],
    ["nothing but clients that read what they were sent", look(2, [])],
    ["nothing at all", look(0, [])],
  ])("not with %s", (_, it) => {
    expect(verdicts(times(12, it))).toEqual([]);
  });
});

test("one that leaves and comes back has to settle anew", () => {
  const looks = [...times(3, look(2, ["1", "2"])), look(1, ["1"]), ...times(5, look(2, ["2", "1"]))];
  expect(verdicts(looks)).toEqual([["tell", 2_000]]);
  // Whose numbers put together are the same are not the same.
  const other = [...times(2, look(2, ["1", "23"])), ...times(4, look(2, ["12", "3"]))];
  expect(verdicts(other)).toEqual([]);
});

describe("the application gets new workers", () => {
  const busy = look(3, ["1", "2"]);

  test("once, when something that is open for three seconds keeps company with what is under way", () => {
    expect(verdicts(times(40, busy))).toEqual([["renew", 3_000]]);
  });

  test("and is told to end when that has settled", () => {
    const looks = [...times(14, busy), ...times(5, look(1, ["7"]))];
    expect(verdicts(looks)).toEqual([
      ["renew", 3_000],
      ["tell", 4_500],
    ]);
  });

  test("not for what has come since: each request ends in its time", () => {
    const looks = Array.from({ length: 40 }, (_, at) => look(3, [String(at)]));
    expect(verdicts(looks)).toEqual([]);
  });

  test("also where only one of those from the beginning is left", () => {
    const looks = [busy, ...times(15, look(3, ["2", "9"]))];
    expect(verdicts(looks)).toEqual([["renew", 3_000]]);
  });

  test("where nothing can be seen", () => {
    expect(verdicts(times(20, undefined))).toEqual([["renew", 3_000]]);
  });
});

test("whatever is seen: nobody is told to end while anything is under way", () => {
  const seen = fc.record({
    clients: fc.nat(4),
    inHand: fc.uniqueArray(fc.constantFrom("1", "2", "3", "4")),
    waiting: fc.nat(1),
  });
  fc.assert(
    fc.property(fc.array(seen, { maxLength: 60 }), (looks) => {
      const carried = new Carried(0);
      for (const [at, it] of looks.entries()) {
        if (carried.see(it, at * STEP_MS) !== "tell") continue;
        expect(it).toMatchObject({ clients: it.inHand.length, waiting: 0 });
        const before = looks.slice(at - 4, at);
        for (const earlier of before) expect(earlier.inHand.toSorted()).toEqual(it.inHand.toSorted());
      }
    }),
  );
});

describe("the connections to a Unix socket", () => {
  const directory = temporaryDirectory();
  const PATH = "/run/gunicorn/gunicorn.sock";

  test("are those accepted and those that wait; the listener and others do not count", () => {
    const table = directory.write(
      "unix",
      `Num       RefCount Protocol Flags    Type St Inode Path
0000000000000000: 00000002 00000000 00010000 0001 01 25821 ${PATH}
0000000000000000: 00000003 00000000 00000000 0001 03 25900 ${PATH}
0000000000000000: 00000003 00000000 00000000 0001 03 25901 ${PATH}
0000000000000000: 00000002 00000000 00000000 0001 02     0 ${PATH}
0000000000000000: 00000003 00000000 00000000 0001 03 25902
0000000000000000: 00000003 00000000 00000000 0001 03 25903 ${PATH}.other
`,
    );
    expect(connectionsAt(PATH, table)).toEqual({ accepted: ["25900", "25901"], waiting: 1 });
    expect(connectionsAt(PATH, "/nonexistent")).toBeUndefined();
  });
});
