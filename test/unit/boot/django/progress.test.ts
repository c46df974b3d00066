import { describe, expect, test } from "vitest";
import type { ChildEnd } from "../../../../src/boot/child-end.ts";
import type { SetupEvent } from "../../../../src/boot/django/event-schemas.ts";
import { SetupProgress } from "../../../../src/boot/django/progress.ts";

const PROGRAM: SetupEvent = { event: "program-started" };
const DJANGO: SetupEvent = { event: "django-started" };
const MIGRATE: SetupEvent = { event: "step-started", step: "migrate" };
const APPLIES: SetupEvent = { event: "migrating", migration: "cakes.0001" };
const APPLIED: SetupEvent = { event: "migrated", migration: "cakes.0001", seconds: 1, fake: false };
const MIGRATED: SetupEvent = { event: "step-finished", step: "migrate" };
const COLLECT: SetupEvent = { event: "step-started", step: "collectstatic" };
const COLLECTED: SetupEvent = { event: "step-finished", step: "collectstatic" };
const FINISHED: SetupEvent = { event: "finished" };
const ALL = [PROGRAM, DJANGO, MIGRATE, APPLIES, APPLIED, MIGRATED, COLLECT, COLLECTED, FINISHED];

const ended = (status: number): ChildEnd => ({ status, signal: null });

/** What an end after these reports means, for the steps migrate and collectstatic. */
function verdictOn(events: SetupEvent[], end: ChildEnd, lines: string[] = []) {
  const progress = new SetupProgress(["migrate", "collectstatic"]);
  for (const event of events) progress.take(event);
  return progress.verdict(end, lines);
}

test("all is done when each step and the program have said so, and it ended with 0", () => {
  expect(verdictOn(ALL, ended(0))).toBeUndefined();
});

describe("an end with status 0 is a failure", () => {
  test.each<[string, number, string, string]>([
    ["before the settings are loaded", 1, "DJINIT_SETTINGS_FAILED", "cannot load the Django settings: its"],
    ["before the first step", 2, "DJINIT_MIGRATE_STEP_FAILED", "cannot finish step migrate: its"],
    ["in a migration", 4, "DJINIT_MIGRATION_FAILED", "cannot apply migration cakes.0001: its"],
    ["after the last migration", 5, "DJINIT_MIGRATE_STEP_FAILED", "cannot finish step migrate: its"],
    ["in the next step", 7, "DJINIT_COLLECTSTATIC_FAILED", "cannot finish step collectstatic: its"],
    ["after all steps, without a word", 8, "DJINIT_COLLECTSTATIC_FAILED", "cannot finish step collectstatic"],
  ])("%s", (_, count, code, text) => {
    const error = verdictOn(ALL.slice(0, count), ended(0), ["last words"]);
    expect(error).toMatchObject({ code, fields: { lines: ["last words"] } });
    expect(error?.message).toContain(text);
    expect(error?.message).toMatch(/ended with status 0 before it was done$/);
  });

  test("even if the program says that it is done, where a step has not", () => {
    const without = ALL.filter((event) => event !== COLLECTED);
    expect(verdictOn(without, ended(0))).toMatchObject({ code: "DJINIT_COLLECTSTATIC_FAILED" });
  });
});

test("what a step has last said that it waits for is known until the next step", () => {
  const progress = new SetupProgress(["migrate", "collectstatic"]);
  for (const event of [PROGRAM, DJANGO, MIGRATE]) progress.take(event);
  progress.take({ event: "waiting", cause: "no answer yet", database: "db/cakes" });
  expect(progress.waiting).toBe("database db/cakes: no answer yet");
  progress.take(COLLECT);
  expect(progress.waiting).toBeUndefined();
});

test("another status, after all was done, is a failure too", () => {
  expect(verdictOn(ALL, ended(3))?.message).toBe(
    "cannot finish step collectstatic: its process ended with status 3",
  );
});

describe("a process that was killed", () => {
  test.each<[string, number, string]>([
    ["before anything", 0, "cannot load the Django settings: its process was killed by SIGKILL"],
    ["in a migration", 4, "cannot apply migration cakes.0001: its process was killed by SIGKILL"],
    ["in a step", 7, "cannot finish step collectstatic: its process was killed by SIGKILL"],
  ])("%s", (_, count, message) => {
    const error = verdictOn(ALL.slice(0, count), { status: null, signal: "SIGKILL" });
    expect(error).toMatchObject({ code: "DJINIT_STEP_KILLED", message, fields: { signal: "SIGKILL" } });
  });
});

describe("a program that never ran", () => {
  test.each<[string, ChildEnd, string[], string]>([
    [
      "no processes left",
      {
        status: null,
        signal: null,
        failure: Object.assign(new Error("spawn setpriv EAGAIN"), { code: "EAGAIN" }),
      },
      [],
      "cannot start python: the container may have no more processes and threads (its pids limit, as by --pids-limit, or ulimit -u) (spawn setpriv EAGAIN)",
    ],
    [
      "not in the image",
      ended(127),
      ["setpriv: failed to execute python: No such file or directory"],
      "cannot start python: failed to execute python: No such file or directory",
    ],
    [
      "broken",
      ended(1),
      ["Fatal Python error: no encodings"],
      "cannot start python: Fatal Python error: no encodings",
    ],
    ["silent", ended(1), [], "cannot start python: its process ended with status 1"],
  ])("%s", (_, end, lines, message) => {
    expect(verdictOn([], end, lines)).toMatchObject({ code: "DJINIT_SPAWN_FAILED", message, exitStatus: 71 });
  });
});
