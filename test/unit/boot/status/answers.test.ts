import { describe, expect, test } from "vitest";
import { answerProbe, answerVerb, type BootState, isBootVerb } from "../../../../src/boot/status/answers.ts";
import { ANSWERS } from "../../../../src/control/answers.ts";
import type { Done, Health, Status } from "../../../../src/control/protocol.ts";

const BOOTING: BootState = {
  role: "web",
  draining: false,
  notes: ["everything runs as user 1000"],
  progress: {
    totalSeconds: 43.2,
    step: { name: "migrate", seconds: 42.1 },
    migrations: { applied: 3, total: 12, current: "cakes.0004_price" },
  },
};
const DETAIL = "is booting: migrate for 42 s, 3 of 12 migrations applied, cakes.0004_price is being applied";
const reload = () => "follows";

describe("the verbs", () => {
  test("are those of the second life, and so are the forms of the answers", () => {
    expect(Object.keys(ANSWERS).filter(isBootVerb)).toEqual(Object.keys(ANSWERS));
    const status = answerVerb("status", BOOTING, reload) as Status;
    const expected: Status = {
      role: "web",
      ready: false,
      draining: false,
      reasons: [`djinit ${DETAIL}`],
      notes: ["everything runs as user 1000"],
      services: [],
      boot: {
        seconds: 43.2,
        step: "migrate",
        step_seconds: 42.1,
        migrations: { applied: 3, total: 12, current: "cakes.0004_price" },
      },
    };
    expect(status).toEqual(expected);
  });

  test("health: alive, not ready", () => {
    const health = answerVerb("health", BOOTING, reload) as Health;
    const expected: Health = {
      live: true,
      ready: false,
      draining: false,
      checks: [{ name: "djinit", live: true, ready: false, detail: DETAIL }],
    };
    expect(health).toEqual(expected);
  });

  test("a reload is taken", () => {
    expect(answerVerb("reload", BOOTING, reload) as Done).toEqual({ ok: true, done: "follows" });
  });

  test.each(["restart", "stop", "start", "scale", "cache", "logs"] as const)(
    "%s is refused: there are no services",
    (verb) => {
      expect(() => answerVerb(verb, BOOTING, reload)).toThrow(`cannot ${verb} now: djinit ${DETAIL}`);
    },
  );
});

describe("the probes", () => {
  test.each([
    ["/livez", true],
    ["/readyz", false],
    ["/startupz", false],
  ])("%s: %s, with the step", (path, ok) => {
    expect(answerProbe(path, BOOTING)).toEqual({ ok, lines: [{ ok, text: `djinit ${DETAIL}` }] });
  });

  test("nothing else is one", () => {
    expect(answerProbe("/metrics", BOOTING)).toBeUndefined();
  });
});

test("a stop during the boot is said, not the step", () => {
  const stopping = { ...BOOTING, draining: true };
  expect(answerVerb("health", stopping, reload)).toMatchObject({
    draining: true,
    checks: [{ detail: "is stopping the container" }],
  });
});
