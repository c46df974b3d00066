// Hostile requests, as tables: what each must come to, at both kinds of gunicorn's workers.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { statusOf } from "../../support/records.ts";
import { expectOutcome } from "./expect-outcome.ts";
import { FILES, PLANT } from "./files.ts";
import { GROUPS } from "./groups.ts";
import { type Outcomes, runCases, type Subject, startHostile, startTime } from "./subject.ts";

/** Of an access record, in their order. */
const FIELDS = [
  "time",
  "level",
  "service",
  "pid",
  "msg",
  "request_id",
  "http",
  "url",
  "client",
  "user",
  "user_agent",
];
const SERVICES = ["djinit", "nginx", "gunicorn"];

describe.each([
  ["WSGI", "sees:application"],
  ["ASGI", "sees:asgi"],
])("%s", (_, application) => {
  let subject: Subject;
  const outcomes = new Map<string, Outcomes>();
  beforeAll(async () => {
    const env = { DJINIT_PROTECTED_ROOT: "/srv/protected" };
    subject = await startHostile(application, { files: FILES, plant: PLANT, env });
    for (const [group, cases] of GROUPS) outcomes.set(group, await runCases(subject, cases));
  });
  afterAll(() => subject?.container.rm());

  describe.each(GROUPS)("%s", (group, cases) => {
    test("no two cases have one name", () => {
      const names = cases.map(({ name }) => name);
      expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
    });

    test.each(cases.map((hostile) => [hostile.name, hostile] as const))("%s", (name, hostile) => {
      const outcome = outcomes.get(group)?.byName.get(name);
      if (outcome === undefined) throw new Error("it was not sent");
      expectOutcome(hostile, outcome);
    });

    test("one access record for each answer, with the fields of the schema and no other", () => {
      const records = outcomes.get(group)?.records ?? [];
      const answered = cases.flatMap(({ answers, records: logged = answers }) => logged);
      expect(records.map(statusOf).sort()).toEqual([...answered].sort());
      for (const record of records) expect(Object.keys(record)).toEqual(FIELDS);
    });
  });

  test("PID 1 is the same, everything is healthy, and nobody has written a record of his own", async () => {
    const { container, pid1 } = subject;
    expect(await startTime(container)).toBe(pid1);
    expect((await container.exec(["djinit", "health"])).exitCode).toBe(0);
    const records = await container.records();
    for (const record of records) {
      expect(SERVICES).toContain(record.service);
      expect(record).not.toHaveProperty("forged");
      expect(record.msg).not.toMatch(/^FORGED/);
    }
    expect(await container.stdout()).not.toMatch(/[\0-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/);
    expect(await container.stderr()).toBe("");
    expect(await container.stop()).toBe(0);
  });
});
