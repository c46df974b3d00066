import { utimesSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Readiness } from "../../../src/plan/plan.ts";
import { watchReadiness } from "../../../src/supervise/readiness/readiness.ts";
import { eventually } from "../../support/eventually.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

const directory = temporaryDirectory();

function watch(readiness: Readiness) {
  const clock = new VirtualClock();
  const seen = { ready: 0, forCertain: 0 };
  const { see, cancel } = watchReadiness(readiness, clock, (isSeen) => {
    seen.ready += 1;
    if (isSeen) seen.forCertain += 1;
  });
  return { clock, seen, cancel, says: (msg: string) => see({ level: "info", msg }) };
}

describe("a service that says that it is ready", () => {
  const orFile = `${directory.path}/worker.ready`;
  const readiness: Readiness = { kind: "log", pattern: "\\S@\\S+ ready\\.$", orFile, orAfterMs: 60_000 };

  test("is when a record matches, and not before", () => {
    const { says, seen, clock } = watch(readiness);
    says("mingle: all alone");
    clock.advance(59_999);
    expect(seen.ready).toBe(0);
    says("celery@host ready.");
    clock.advance(60_000);
    expect(seen).toEqual({ ready: 1, forCertain: 1 });
  });

  test("that cannot be heard is taken for ready when it has lived long enough", () => {
    const { seen, clock } = watch(readiness);
    clock.advance(60_000);
    expect(seen).toEqual({ ready: 1, forCertain: 0 });
  });

  test("writes a file as well, for a project whose logging leaves the record out", async () => {
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    writeFileSync(orFile, "");
    const { seen, says, clock } = watch(readiness);
    await turn();
    expect(seen.ready).toBe(0);
    utimesSync(orFile, new Date(), new Date(Date.now() + 1_000));
    clock.advance(25);
    await turn();
    expect(seen).toEqual({ ready: 1, forCertain: 1 });
    says("celery@host ready.");
    clock.advance(60_000);
    expect(seen.ready).toBe(1);
  });

  test("given up, it is not", () => {
    const { seen, clock, cancel } = watch(readiness);
    cancel();
    clock.advance(120_000);
    expect(seen.ready).toBe(0);
  });
});

describe("a service that writes a file", () => {
  let files = 0;
  const readiness = (): Extract<Readiness, { kind: "file" }> => {
    files += 1;
    return { kind: "file", prefix: `${directory.path}/schedule-${files}-`, orAfterMs: 10_000 };
  };
  const turn = () => new Promise((resolve) => setImmediate(resolve));

  test("is ready when it has written it, whatever it adds to the name", async () => {
    const given = readiness();
    const { seen, clock } = watch(given);
    clock.advance(25);
    await turn();
    expect(seen.ready).toBe(0);
    directory.write(`schedule-${files}-.db`, "");
    await eventually(() => {
      clock.advance(25);
      return seen.ready === 1;
    });
    expect(clock.monotonicMs()).toBeLessThan(10_000);
    expect(seen.forCertain).toBe(1);
  });

  test("is not ready by what an earlier process has written a moment ago", async () => {
    const given = readiness();
    const file = directory.write(`schedule-${files}-`, "");
    const { seen, clock } = watch(given);
    for (let i = 0; i < 10; i += 1) {
      clock.advance(25);
      await turn();
    }
    expect(seen.ready).toBe(0);
    const later = Date.now() / 1000 + 1;
    utimesSync(file, later, later);
    await eventually(() => {
      clock.advance(25);
      return seen.ready === 1;
    });
  });

  test("that never does so, or in a directory that is not there, is taken for ready when it has lived long enough", async () => {
    const { seen, clock } = watch({ kind: "file", prefix: "/nonexistent/x", orAfterMs: 10_000 });
    await turn();
    clock.advance(9_000);
    await turn();
    expect(seen.ready).toBe(0);
    await eventually(() => {
      clock.advance(1_000);
      return seen.ready === 1;
    });
    expect(seen.forCertain).toBe(0);
  });
});

test.each([
  [10_000, 0],
  [0, 1],
])("a service of which nothing can be seen is taken for ready after %i ms", (afterMs, forCertain) => {
  const { seen, clock } = watch({ kind: "settled", afterMs });
  clock.advance(afterMs);
  expect(seen).toEqual({ ready: 1, forCertain });
});
