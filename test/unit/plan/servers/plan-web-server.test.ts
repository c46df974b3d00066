import { describe, expect, test } from "vitest";
import { findProblems } from "../../../../src/plan/build-plan.ts";
import { readCommand } from "../../../../src/plan/role.ts";
import { tellReplaced } from "../../../../src/plan/servers/plan-web-server.ts";
import { configOf, planOf, serviceOf } from "../../../support/planned.ts";

const LAUNCHER = ["python", "/usr/local/lib/djinit/djinit_server.py"];
const argvOf = (cmd: string, variables = {}) => {
  const plan = planOf(cmd, variables);
  const { argv } = serviceOf(plan, cmd.split(" ")[0] as string);
  expect(argv.slice(0, 2)).toEqual(LAUNCHER);
  return argv.slice(2).join(" ");
};

describe("each server is started with what djinit has to say, unless the CMD says it", () => {
  test.each([
    ["uvicorn a.asgi:app --port 80", "uvicorn --no-access-log --timeout-graceful-shutdown 30"],
    [
      "uvicorn a:b --access-log --workers 2",
      "uvicorn --access-log --workers 2 --timeout-graceful-shutdown 30",
    ],
    ["uvicorn a:b --timeout-graceful-shutdown=5", "uvicorn --timeout-graceful-shutdown=5 --no-access-log"],
    ["granian a.asgi:app", "granian --interface asgi --workers-kill-timeout 30"],
    ["granian a.wsgi:app", "granian --interface wsgi --workers-kill-timeout 30"],
    ["granian --interface asginl a:b", "granian --interface asginl --workers-kill-timeout 30"],
    ["daphne -b 0.0.0.0 a:b", "daphne --access-log /dev/null"],
    ["daphne --access-log - a:b", "daphne --access-log -"],
    ["hypercorn a:b", "hypercorn --graceful-timeout 30 --backlog 2048"],
  ])("%s", (cmd, expected) => {
    expect(argvOf(cmd)).toBe(expected);
  });

  test("WEB_CONCURRENCY is the number of workers where the server does not read it itself", () => {
    const variables = { WEB_CONCURRENCY: "3" };
    expect(argvOf("granian a:b", variables)).toContain("--workers 3");
    expect(argvOf("hypercorn a:b", variables)).toContain("--workers 3");
    expect(argvOf("hypercorn a:b -w 2", variables)).toBe(
      "hypercorn -w 2 --graceful-timeout 30 --backlog 2048",
    );
    expect(argvOf("uvicorn a:b", variables)).not.toContain("--workers");
    expect(argvOf("daphne a:b", variables)).not.toContain("--workers");
  });

  test("what nginx lets through is not too long for it", () => {
    const variables = { DJINIT_MAX_HEADER_SIZE: "32k" };
    expect(argvOf("uvicorn a:b", variables)).toContain("--h11-max-incomplete-event-size 135168 ");
    expect(argvOf("uvicorn a:b --h11-max-incomplete-event-size 9", variables)).not.toContain("135168");
    expect(serviceOf(planOf("daphne a:b", variables), "daphne").environment).toMatchObject({
      DJINIT_HEAD_BYTES: "135168",
    });
  });

  test("a longer grace period is theirs too", () => {
    expect(argvOf("hypercorn a:b", { DJINIT_GRACE_PERIOD: "90" })).toContain("--graceful-timeout 90");
  });
});

test("nginx comes after it, and the application is asked at the usual socket", () => {
  const plan = planOf("daphne a.asgi:application", { DJINIT_READINESS_PATH: "/up/" });
  expect(plan.services.map(({ name }) => name)).toEqual(["daphne", "nginx"]);
  expect(serviceOf(plan, "nginx").after).toEqual(["daphne"]);
  expect(serviceOf(plan, "daphne")).toMatchObject({
    readiness: { kind: "http", socketPath: "/run/gunicorn/gunicorn.sock", path: "/up/" },
    check: [...LAUNCHER, "check"],
    environment: { DJINIT_APPLICATION: "a.asgi:application" },
  });
});

test("the application is the CMD's, or APP_MODULE", () => {
  const variables = { APP_MODULE: "a.asgi:app" };
  expect(serviceOf(planOf("uvicorn", variables), "uvicorn").environment["DJINIT_APPLICATION"]).toBe(
    "a.asgi:app",
  );
  expect(serviceOf(planOf("uvicorn --factory b:make"), "uvicorn").environment).toMatchObject({
    DJINIT_APPLICATION: "b:make",
    DJINIT_FACTORY: "1",
  });
  const config = configOf({ DJANGO_SETTINGS_MODULE: "shop.settings" });
  // A file of gunicorn's names none for uvicorn.
  expect(
    findProblems(readCommand(["uvicorn", "--workers", "2"]), config, { hasGunicornFile: true }),
  ).toMatchObject([
    {
      problem:
        'no application is named: give it as CMD, for instance CMD ["uvicorn", "shop.asgi:application"]',
    },
  ]);
});

test("what it does not get is told of once", () => {
  expect(tellReplaced(readCommand(["uvicorn", "a:b", "--host", "0.0.0.0", "--reload"]))).toBe(
    "djinit keeps its own settings instead of: --host 0.0.0.0, --reload; nginx listens, and passes requests on to uvicorn",
  );
  expect(tellReplaced(readCommand(["uvicorn", "a:b", "--workers", "2"]))).toBeUndefined();
  expect(tellReplaced(readCommand(["a.wsgi:application", "--bind", "x"]))).toBeUndefined();
});

test.each([
  [["uvicorn", "--version"], "command"],
  [["granian", "--help"], "command"],
  [["python", "-m", "uvicorn", "a:b"], "web"],
  [["/bin/sh", "-c", "exec daphne a:b"], "web"],
  [["/opt/venv/bin/hypercorn", "a:b"], "web"],
])("%j is %s", (argv, role) => {
  expect(readCommand(argv).role).toBe(role);
});
