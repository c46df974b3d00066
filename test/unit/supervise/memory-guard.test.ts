import { describe, expect, test } from "vitest";
import { watchAllowance } from "../../../src/supervise/memory/allowance-watch.ts";
import { guardMemory } from "../../../src/supervise/memory/memory-guard.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

const LIMIT = 1_000;

function guarded(cache = 0) {
  const asked: [number, number][] = [];
  const warnings: string[] = [];
  let nowMs = 0;
  const look = guardMemory({
    part: 0.9,
    reclaimable: () => cache,
    relieve: (usageBytes) => asked.push([nowMs, usageBytes]),
    processes: () => [
      { pid: 7, name: "celery", residentBytes: 300 },
      { pid: 8, name: "gunicorn", residentBytes: 500 },
    ],
    log: { warn: (_, msg) => warnings.push(msg) },
  });
  const at = (seconds: number, usageBytes: number, limit: number | "none" = LIMIT) => {
    const limitBytes = limit === "none" ? undefined : limit;
    nowMs = seconds * 1_000;
    look({ oomKills: 0, limitBytes, usageBytes }, nowMs);
  };
  return { at, asked, warnings };
}

describe("the guard of the memory", () => {
  test("asks from its part of the limit on", () => {
    const { at, asked, warnings } = guarded();
    at(1, 899);
    expect(asked).toEqual([]);
    at(2, 900);
    expect(asked).toEqual([[2_000, 900]]);
    expect(warnings).toEqual([]);
  });

  test("page cache that can go at once does not count", () => {
    const { at, asked } = guarded(150);
    at(1, 1_000);
    expect(asked).toEqual([]);
    at(2, 1_060);
    expect(asked).toEqual([[2_000, 910]]);
  });

  test("what a renewal has freed may be filled again soon", () => {
    const { at, asked, warnings } = guarded();
    at(1, 950);
    at(2, 600);
    at(4, 950);
    expect(asked).toHaveLength(1);
    at(6, 950);
    expect(asked.map(([ms]) => ms)).toEqual([1_000, 6_000]);
    expect(warnings).toEqual([]);
  });

  test("where a renewal gains nothing, it is said once, and seldom tried", () => {
    const { at, asked, warnings } = guarded();
    for (let second = 1; second <= 1_300; second += 1) at(second, 950);
    expect(asked.map(([ms]) => ms)).toEqual([1_000, 31_000, 631_000, 1_231_000]);
    expect(warnings).toEqual([
      "memory stays full, and no worker of gunicorn that has grown is left to renew: 950 of 1000 bytes are in use, the largest processes are gunicorn (pid 8) with 500, celery (pid 7) with 300; allow more memory, or set WEB_CONCURRENCY to fewer workers",
    ]);
    at(1_301, 500);
    at(1_310, 950);
    expect(asked.at(-1)?.[0]).toBe(1_310_000);
  });

  test("has nothing to do without a limit", () => {
    const { at, asked } = guarded();
    at(1, 10_000, "none");
    expect(asked).toEqual([]);
  });
});

describe("what gunicorn is told", () => {
  test("is written once, and again whenever it changes", () => {
    const clock = new VirtualClock();
    let allowance = { processors: 2, hasQuota: true, memoryBytes: 100 };
    const told: unknown[] = [];
    const { relieve } = watchAllowance(
      { path: "/run/x", beside: 1 },
      clock,
      () => allowance,
      (path, it) => told.push([path, it]),
    );
    clock.advance(20_000);
    allowance = { ...allowance, processors: 4 };
    clock.advance(5_000);
    relieve(95);
    relieve(96);
    const first = { processors: 2, hasQuota: true, memoryBytes: 100, beside: 1, relief: 0 };
    expect(told).toEqual([
      ["/run/x", first],
      ["/run/x", { ...first, processors: 4 }],
      ["/run/x", { ...first, processors: 4, relief: 1, usageBytes: 95 }],
      ["/run/x", { ...first, processors: 4, relief: 2, usageBytes: 96 }],
    ]);
  });
});
