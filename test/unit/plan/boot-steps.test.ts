import { describe, expect, test } from "vitest";
import { planBoot } from "../../../src/plan/boot-steps.ts";
import { findProblems } from "../../../src/plan/build-plan.ts";
import { readCommand } from "../../../src/plan/role.ts";
import { configOf } from "../../support/planned.ts";

const URL = { DATABASE_URL: "postgres://u:p@h/d" };
const SETTINGS = { DJANGO_SETTINGS_MODULE: "cakes.settings" };
const bootOf = (cmd: string, variables: Record<string, string>) =>
  planBoot(readCommand(cmd.split(" ")), configOf(variables));
const problemsOf = (words: string[], variables: Record<string, string>) =>
  findProblems(readCommand(words), configOf(variables));

describe("the steps of the boot", () => {
  test.each([
    ["a:b", {}, ["wait-for-database", "migrate"]],
    ["a:b", { RUN_COLLECTSTATIC: "1" }, ["wait-for-database", "migrate", "collectstatic"]],
    [
      "a:b",
      { RUN_COLLECTSTATIC: "1", SUPERUSER_PASSWORD: "x" },
      ["wait-for-database", "migrate", "collectstatic", "superuser"],
    ],
    ["a:b", { SKIP_MIGRATIONS: "1" }, []],
    ["a:b", { SKIP_MIGRATIONS: "1", ...URL }, ["wait-for-database"]],
    ["a:b", { SKIP_MIGRATIONS: "1", SUPERUSER_PASSWORD: "x" }, ["wait-for-database", "superuser"]],
    ["a:b", { SKIP_MIGRATIONS: "1", RUN_COLLECTSTATIC: "1" }, ["collectstatic"]],
    ["a:b", { DJINIT_DATABASE_TIMEOUT: "0" }, ["migrate"]],
    ["celery worker", {}, []],
    ["a:b", { DJINIT_MIGRATIONS: "wait" }, ["wait-for-database", "wait-for-migrations"]],
    ["a:b", { DJINIT_MIGRATIONS: "check" }, ["wait-for-database", "check-migrations"]],
    ["a:b", { DJINIT_MIGRATIONS: "skip" }, []],
    ["a:b", { DJINIT_MIGRATIONS: "run", SKIP_MIGRATIONS: "1" }, ["wait-for-database", "migrate"]],
    ["release", {}, ["wait-for-database", "migrate"]],
    ["release", { SKIP_MIGRATIONS: "1", RUN_COLLECTSTATIC: "1" }, ["collectstatic"]],
    ["release", { SUPERUSER_PASSWORD: "x" }, ["wait-for-database", "migrate", "superuser"]],
    ["celery worker", URL, ["wait-for-database"]],
    ["celery beat", URL, ["wait-for-database"]],
    ["celery worker", { ...URL, ...SETTINGS }, ["wait-for-database", "wait-for-migrations"]],
    ["tasks", { ...URL, ...SETTINGS }, ["wait-for-database", "wait-for-migrations"]],
    ["tasks", { DATABASE_URL: "sqlite:////x", ...SETTINGS }, ["wait-for-database"]],
    ["celery beat", { ...URL, ...SETTINGS }, ["wait-for-database", "wait-for-migrations"]],
    [
      "celery worker",
      { DATABASE_URL: "mysql://h/d", ...SETTINGS },
      ["wait-for-database", "wait-for-migrations"],
    ],
    ["celery worker", { DATABASE_URL: "sqlite:////x", ...SETTINGS }, ["wait-for-database"]],
    ["celery worker", { ...URL, ...SETTINGS, SKIP_MIGRATIONS: "1" }, ["wait-for-database"]],
    ["celery worker", { ...URL, ...SETTINGS, DJINIT_MIGRATIONS: "run" }, ["wait-for-database", "migrate"]],
    ["celery worker", SETTINGS, ["wait-for-database", "wait-for-migrations"]],
    ["celery beat", { ...SETTINGS, DJINIT_DATABASE_TIMEOUT: "0" }, ["wait-for-migrations"]],
    ["celery beat", { ...SETTINGS, SKIP_MIGRATIONS: "1" }, []],
    ["celery inspect ping", { ...URL, ...SETTINGS, DJINIT_MIGRATIONS: "run" }, []],
    ["celery worker", { RUN_COLLECTSTATIC: "1", SUPERUSER_PASSWORD: "x" }, []],
    ["celery inspect ping", URL, []],
    ["celery inspect ping", { ...URL, ...SETTINGS, DJINIT_MIGRATIONS: "wait" }, []],
    // A command waits where it is told to: django-tasks, rq, huey.
    [
      "python manage.py db_worker",
      { DJINIT_MIGRATIONS: "wait" },
      ["wait-for-database", "wait-for-migrations"],
    ],
    ["rqworker", { ...URL, DJINIT_MIGRATIONS: "check" }, ["wait-for-database", "check-migrations"]],
    ["rqworker", { DJINIT_MIGRATIONS: "wait", DJINIT_DATABASE_TIMEOUT: "0" }, ["wait-for-migrations"]],
    ["rqworker", { ...URL, DJINIT_MIGRATIONS: "run" }, []],
    ["rqworker", { ...URL, ...SETTINGS }, []],
    // It would wait for itself.
    ["python manage.py migrate", { DJINIT_MIGRATIONS: "wait" }, []],
    ["django-admin makemigrations", { DJINIT_MIGRATIONS: "wait" }, []],
    ["/app/manage.py dbshell", { DJINIT_MIGRATIONS: "check" }, []],
    ["django-admin shell", { ...URL, RUN_COLLECTSTATIC: "1", SUPERUSER_PASSWORD: "x" }, []],
  ])("CMD `%s` with %j: %j", (cmd, variables, steps) => {
    expect(bootOf(cmd, variables).steps).toEqual(steps);
  });

  test.each([
    ["celery worker", SETTINGS, true],
    ["tasks", SETTINGS, true],
    ["celery beat", SETTINGS, true],
    ["celery worker", { ...SETTINGS, ...URL }, false],
    ["celery worker", { ...SETTINGS, DJINIT_MIGRATIONS: "wait" }, false],
    ["celery worker", { ...SETTINGS, SKIP_MIGRATIONS: "1" }, false],
    ["celery worker", {}, false],
    ["a:b", SETTINGS, false],
  ])(
    "CMD `%s` with %j: the settings decide whether there is a database to wait for: %s",
    (cmd, variables, is) => {
      expect(bootOf(cmd, variables).onlyIfShared).toBe(is);
    },
  );

  test("media and nginx are the web role's alone", () => {
    expect(bootOf("a:b", {})).toMatchObject({ ownMedia: true, nginx: true });
    for (const cmd of ["release", "celery worker", "celery beat", "celery inspect", "bash"]) {
      expect(bootOf(cmd, {})).toMatchObject({ ownMedia: false, nginx: false });
    }
  });
});

describe("what a combination of CMD and variables lacks", () => {
  test.each([
    [{ CELERY_WORKER: "1" }, /^CELERY_WORKER is set but CELERY_APP is not/],
    [{ CELERY_BEAT: "1" }, /^CELERY_BEAT is set but CELERY_APP is not/],
    [
      { CELERY_WORKER: "1", CELERY_BEAT: "1" },
      /^CELERY_WORKER and CELERY_BEAT are set but CELERY_APP is not/,
    ],
  ])("web with %j", (variables, problem) => {
    expect(problemsOf(["a:b"], { ...SETTINGS, ...variables })).toMatchObject([
      { variable: "CELERY_APP", problem: expect.stringMatching(problem) },
    ]);
  });

  test.each([["celery worker"], ["celery beat"], ["celery -q worker"]])(
    "`%s` without an application",
    (cmd) => {
      expect(problemsOf(cmd.split(" "), {})).toMatchObject([{ variable: "CELERY_APP" }]);
    },
  );

  test.each([["celery -A x worker"], ["celery --app=x beat"], ["celery inspect ping"]])(
    "`%s` lacks nothing",
    (cmd) => {
      expect(problemsOf(cmd.split(" "), {})).toEqual([]);
    },
  );

  test.each([
    [["tasks"], {}],
    [["a:b"], { DJANGO_TASKS_WORKER: "1", SKIP_MIGRATIONS: "1" }],
  ])("%j with %j without settings", (cmd, variables) => {
    expect(problemsOf(cmd, variables)).toMatchObject([
      {
        variable: "DJANGO_SETTINGS_MODULE",
        problem:
          "DJANGO_SETTINGS_MODULE is not set, but the worker of Django's tasks needs it: set it to the module of the settings, such as project.settings",
      },
    ]);
  });

  test("web without an application: the CMD that would do is suggested", () => {
    expect(problemsOf([], SETTINGS)).toMatchObject([
      { variable: "CMD", problem: expect.stringContaining('CMD ["cakes.wsgi:application"]') },
    ]);
    for (const given of [{ APP_MODULE: "a:b" }, { GUNICORN_CMD_ARGS: "a:b" }])
      expect(problemsOf([], { ...SETTINGS, ...given })).toEqual([]);
  });

  test("steps that need Django without settings", () => {
    expect(problemsOf(["a:b"], { SUPERUSER_PASSWORD: "x" })).toMatchObject([
      {
        variable: "DJANGO_SETTINGS_MODULE",
        problem: expect.stringContaining("migrate, superuser need it: set it to"),
      },
    ]);
    expect(problemsOf(["a:b"], { SKIP_MIGRATIONS: "1" })).toEqual([]);
  });

  test("settings that manage.py names are named", () => {
    const facts = { settingsModule: "shop.settings" };
    expect(findProblems(readCommand(["a:b"]), configOf(), facts)).toMatchObject([
      { problem: expect.stringMatching(/migrate needs it: set it to shop\.settings, as manage\.py does$/) },
    ]);
  });

  test("all of it at once", () => {
    const variables = problemsOf([], { CELERY_BEAT: "1" }).map(({ variable }) => variable);
    expect(variables).toEqual(["CELERY_APP", "CMD", "DJANGO_SETTINGS_MODULE"]);
  });
});

test("a line for a shell that migrates does not wait either", () => {
  const stepsOf = (line: string) =>
    planBoot(readCommand(["sh", "-c", line]), configOf({ DJINIT_MIGRATIONS: "wait" })).steps;
  expect(stepsOf("cd /app; python manage.py migrate && python manage.py db_worker")).toEqual([]);
  expect(stepsOf("python manage.py db_worker --queue migrate")).toEqual([
    "wait-for-database",
    "wait-for-migrations",
  ]);
});
