// What the metrics tell of the boot is what the boot has done: its own log says that as well, in words.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Container } from "../support/docker.ts";
import { createDatabase } from "../support/postgres.ts";
import { ADMIN_PORT, scrape } from "./admin-subject.ts";
import { startReadyCake } from "./cake-subject.ts";

const FINISHED = /^step (\S+) finished in ([\d.]+) s$/;
const APPLIED = /^\S+ applied in [\d.]+ s$/;

let first: Container;
let second: Container;
beforeAll(async () => {
  const { url } = await createDatabase();
  const env = {
    DATABASE_URL: url,
    RUN_COLLECTSTATIC: "1",
    SUPERUSER_PASSWORD: "salt-and-sugar",
  };
  first = await startReadyCake({ env, publish: [8000, ADMIN_PORT] });
  second = await startReadyCake({ env, publish: [8000, ADMIN_PORT] });
});
afterAll(() => Promise.all([first, second].map((container) => container?.rm())));

function stepsOf(samples: Map<string, number>): Map<string, number> {
  const names = [...samples].flatMap(([name, value]) => {
    const step = /^djinit_boot_step_seconds\{step="(.*)"\}$/.exec(name)?.[1];
    return step === undefined ? [] : [[step, value] as const];
  });
  return new Map(names);
}

test("each step has the time that it took, and migrations that were applied are counted", async () => {
  const messages = (await first.records()).map(({ msg }) => msg);
  const said = messages.flatMap((msg) => {
    const [, step = "", seconds] = FINISHED.exec(msg) ?? [];
    return step === "" ? [] : [[step, Number(seconds)] as const];
  });
  const samples = await scrape(first);
  const { "wait-for-database": waited, ...others } = Object.fromEntries(stepsOf(samples));
  expect(others).toEqual(Object.fromEntries(said));
  expect(Object.keys(others).sort()).toEqual(["collectstatic", "migrate", "superuser"]);
  expect(waited).toBeGreaterThan(0);
  const applied = messages.filter((msg) => APPLIED.test(msg)).length;
  expect(applied).toBeGreaterThan(10);
  expect(samples.get('djinit_migrations{state="applied"}')).toBe(applied);
  expect(samples.get('djinit_migrations{state="pending"}')).toBe(0);
});

test("where nothing was pending none was applied, and there is no time of a step that was not done", async () => {
  const samples = await scrape(second);
  expect(samples.get('djinit_migrations{state="applied"}')).toBe(0);
  expect(samples.get('djinit_migrations{state="pending"}')).toBe(0);
  const steps = [...stepsOf(samples).keys()].sort();
  expect(steps).toEqual(["collectstatic", "wait-for-database"]);
});
