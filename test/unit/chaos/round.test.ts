import { expect, test } from "vitest";
import { FAULTS, LATER_FAULTS } from "../../chaos/fault-table.ts";
import { takeNext } from "../../chaos/lanes.ts";
import { readOptions } from "../../chaos/options.ts";
import { MEMBERS, planCover, planRound, planRounds } from "../../chaos/round.ts";
import { randomOf } from "../../chaos/seed.ts";

test("the same seed gives the same draws, another seed others, evenly spread", () => {
  const drawsOf = (seed: number) => {
    const random = randomOf(seed);
    return Array.from({ length: 1_000 }, () => random.next());
  };
  expect(drawsOf(1)).toEqual(drawsOf(1));
  expect(drawsOf(1)).not.toEqual(drawsOf(2));
  const draws = drawsOf(3);
  expect(Math.min(...draws)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...draws)).toBeLessThan(1);
  for (let tenth = 0; tenth < 10; tenth += 1) {
    const share = draws.filter((draw) => Math.floor(draw * 10) === tenth).length;
    expect(share).toBeGreaterThan(60);
    expect(share).toBeLessThan(140);
  }
});

test("the published values of mulberry32", () => {
  const random = randomOf(0);
  expect([random.next(), random.next()]).toEqual([0.26642920868471265, 0.0003297457005828619]);
});

test("integers include both ends, a pick from nothing is refused", () => {
  const random = randomOf(5);
  const seen = new Set(Array.from({ length: 200 }, () => random.integer(2, 5)));
  expect([...seen].sort()).toEqual([2, 3, 4, 5]);
  expect(() => random.pick([])).toThrow("cannot pick from nothing");
});

test("a round is a pure function of its seed", () => {
  for (let seed = 0; seed < 300; seed += 1) expect(planRound(seed)).toEqual(planRound(seed));
  expect(new Set(planRounds(0, 300).map((round) => JSON.stringify(round))).size).toBe(300);
});

test("a thousand rounds have every fault, on every subject and member it is meant for", () => {
  const rounds = planRounds(123_456, 1_000);
  for (const { name, subjects, targets } of FAULTS) {
    const those = rounds.filter(({ fault }) => fault.name === name);
    expect(those.length, name).toBeGreaterThan(15);
    expect(new Set(those.map(({ subject }) => subject)), name).toEqual(new Set(subjects));
    expect(new Set(those.flatMap(({ target }) => target ?? [])), name).toEqual(new Set(targets));
  }
  for (const { subject, member, durationMs, fault } of rounds) {
    expect(MEMBERS[subject]).toContain(member);
    expect(durationMs).toBeGreaterThanOrEqual(fault.durationMs[0]);
    expect(durationMs).toBeLessThanOrEqual(fault.durationMs[1]);
  }
});

test("with a fault's name only its rounds are run, each with the seed that leads to it alone", () => {
  const rounds = planRounds(40, 12, "broker-gone");
  expect(rounds.map(({ fault }) => fault.name)).toEqual(Array(12).fill("broker-gone"));
  for (const round of rounds) expect(planRound(round.seed)).toEqual(round);
});

test("faults that came later leave the rounds of all other seeds as they were", () => {
  const later = planRounds(1_000, 1_000).filter(({ fault }) => LATER_FAULTS.includes(fault));
  const share = LATER_FAULTS.length / FAULTS.length;
  expect(Math.abs(later.length / 1_000 - share)).toBeLessThan(0.03);
  // As they were when there were no others.
  const first = [1_001, 1_036, 400_000].map(planRound);
  expect(
    first.map(({ fault: { name }, subject, member, momentMs, durationMs }) => [
      name,
      subject,
      member,
      momentMs,
      durationMs,
    ]),
  ).toEqual([
    ["kill-gunicorn-worker", "all-in-one", "all", 1_472, 0],
    ["term-boot", "separate", "worker", 998, 2_485],
    ["kill-gunicorn-worker", "separate", "web", 371, 0],
  ]);
});

test("thirty rounds cover every fault", () => {
  const rounds = planCover(1, 30);
  expect(rounds).toHaveLength(30);
  expect(new Set(rounds.map(({ fault }) => fault)).size).toBe(FAULTS.length);
});

test("a lane takes the rounds of its own subject first, and then any", () => {
  const waiting = planRounds(1, 40);
  const kinds: string[] = [];
  while (waiting.length > 0) kinds.push(takeNext(waiting, "separate")?.subject ?? "");
  expect(kinds).toHaveLength(40);
  expect(kinds).toContain("all-in-one");
  expect(kinds.lastIndexOf("separate")).toBeLessThan(kinds.indexOf("all-in-one"));
  expect(takeNext(waiting, "separate")).toBeUndefined();
});

test("options: a thousand rounds by themselves, one with a seed", () => {
  expect(readOptions([], 99)).toEqual({ rounds: 1_000, seed: 99, lanes: 4, fault: undefined });
  expect(readOptions(["--seed", "7"], 99)).toMatchObject({ rounds: 1, seed: 7 });
  expect(readOptions(["--seed", "7", "--rounds", "20", "--lanes", "2", "--fault", "memory"], 99)).toEqual({
    rounds: 20,
    seed: 7,
    lanes: 2,
    fault: "memory",
  });
});

test.each([
  [["--seed=-1"], "cannot use --seed -1: it must be a whole number from 0 to 4294967295"],
  [["--rounds", "many"], "cannot use --rounds many"],
  [["--lanes", "0"], "cannot use --lanes 0"],
  [["--fault", "kill-everything"], "cannot find fault kill-everything: there are kill-nginx-master, "],
])("options %j are refused", (words, message) => {
  expect(() => readOptions(words, 1)).toThrow(message);
});
