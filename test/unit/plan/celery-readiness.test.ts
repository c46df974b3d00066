import { describe, expect, test } from "vitest";
import { planCeleryWorker } from "../../../src/plan/celery.ts";
import { configOf, planOf } from "../../support/planned.ts";

const CELERY = { CELERY_APP: "cakes" };
const serviceOfCmd = (cmd: string, more: Record<string, string> = {}) =>
  planOf(cmd, { ...CELERY, ...more }).services[0];

describe("a worker is ready when it says so, where that can be seen", () => {
  test.each([
    ["", "log"],
    [" -l INFO", "log"],
    [" -ldebug", "log"],
    [" --loglevel info", "log"],
    [" --loglevel=DEBUG", "log"],
    [" -l WARNING", "settled"],
    [" -lERROR", "settled"],
    [" --loglevel warning", "settled"],
    [" --loglevel=critical", "settled"],
    // Of an option that is given twice the last one counts.
    [" -l INFO -l WARNING", "settled"],
    [" --loglevel=WARNING -linfo", "log"],
    [" --logfile=/tmp/x", "settled"],
    [" -f /tmp/x", "settled"],
  ])("celery worker%s: %s", (words, kind) => {
    expect(serviceOfCmd(`celery worker${words}`)?.readiness.kind).toBe(kind);
  });

  test("CELERY_LOGLEVEL counts as well, the CMD before it", () => {
    const quiet = { CELERY_LOGLEVEL: "WARNING" };
    expect(serviceOfCmd("celery worker", quiet)?.readiness.kind).toBe("settled");
    expect(serviceOfCmd("celery worker -l info", quiet)?.readiness.kind).toBe("log");
  });

  test("the words are those of celery, in whatever format; unheard, it is not killed for it", () => {
    const { readiness } = planCeleryWorker(configOf({ ...CELERY, DJINIT_STARTUP_TIMEOUT: "30" }));
    if (readiness.kind !== "log") throw new Error(readiness.kind);
    for (const msg of ["celery@host ready.", "w1@h-2.local ready.", "INFO celery@host ready."]) {
      expect(msg).toMatch(new RegExp(readiness.pattern));
    }
    expect("consumer: not ready.").not.toMatch(new RegExp(readiness.pattern));
    expect(readiness.orAfterMs).toBeLessThan(30_000);
  });
});

test.each([
  ["", "/run/celery/celerybeat-schedule"],
  [" -s mine", "/run/celery/mine"],
  [" -s/data/s", "/data/s"],
  [" --schedule /data/s", "/data/s"],
  [" --schedule=s.db", "/run/celery/s.db"],
])("celery beat%s is ready when it has written %s", (words, prefix) => {
  expect(serviceOfCmd(`celery beat${words}`)?.readiness).toMatchObject({ kind: "file", prefix });
});

test.each([
  ["celery worker -Q mail", "celery --app cakes report"],
  ["celery -A other worker", "celery -A other report"],
  ["celery beat", "celery --app cakes report"],
])("CMD `%s` is checked by `%s`", (cmd, argv) => {
  expect(serviceOfCmd(cmd)?.check?.join(" ")).toBe(argv);
});
