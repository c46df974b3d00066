import { describe, expect, test } from "vitest";
import { draftPlan, findProblems } from "../../../../src/plan/build-plan.ts";
import type { ServicePlan } from "../../../../src/plan/plan.ts";
import { configOf, resolvedOf } from "../../../support/planned.ts";

const PROCFILE = `rq: python manage.py rqworker
emails: celery -A app worker -Q emails -c 3
named: celery -A app worker -n mine@%h
huey: python manage.py run_huey -w 4
pipe: ./a | ./b
flower: celery flower
clock: celery -A app beat`;

function servicesOf(cmd: string, variables: Record<string, string> = {}, text = PROCFILE): ServicePlan[] {
  const { invocation } = resolvedOf(cmd, text, variables);
  const sources = {
    envFiles: [],
    secretsDirectory: undefined,
    own: [],
    named: [],
    unset: [],
    origins: {},
    taken: {},
  };
  return draftPlan(invocation, configOf(variables), { startedAsRoot: true, sources }).services;
}

describe("an entry of the Procfile", () => {
  test("is a service of its name, which runs as django and is kept running", () => {
    expect(servicesOf("rq")).toMatchObject([
      {
        name: "rq",
        argv: ["python", "manage.py", "rqworker"],
        cwd: "/app",
        user: "django",
        restart: "always",
        readiness: { kind: "settled", afterMs: 2_000 },
        stopSignal: "SIGTERM",
        forwards: ["SIGUSR1", "SIGUSR2"],
        output: "relay",
      },
    ]);
    expect(servicesOf("rq")[0]).not.toHaveProperty("signalsGroup");
    expect(servicesOf("pipe")[0]).toMatchObject({ signalsGroup: true });
    expect(servicesOf("huey")[0]).toMatchObject({ stopSignal: "SIGINT" });
  });

  test("may have a stop signal of its own, however many there are of it", () => {
    expect(servicesOf("rq", { DJINIT_STOP_SIGNAL_RQ: "int" })).toMatchObject([{ stopSignal: "SIGINT" }]);
    expect(servicesOf("huey", { DJINIT_STOP_SIGNAL_HUEY: "SIGTERM" })).toMatchObject([
      { stopSignal: "SIGTERM" },
    ]);
    expect(servicesOf("emails", { DJINIT_STOP_SIGNAL_EMAILS: "QUIT" })).toMatchObject([
      { stopSignal: "SIGQUIT" },
    ]);
    const beside = { DJINIT_PROCESSES: "rq=2", DJINIT_STOP_SIGNAL_RQ: "USR1" };
    expect(servicesOf("a.wsgi:b", beside).slice(2)).toMatchObject([
      { name: "rq.1", stopSignal: "SIGUSR1" },
      { name: "rq.2", stopSignal: "SIGUSR1" },
    ]);
  });

  test("with a command of health is ready by it", () => {
    const [rq] = servicesOf("rq", {
      DJINIT_HEALTH_RQ: "test -e /tmp/well && true",
      DJINIT_HEALTH_TIMEOUT: "3",
    });
    expect(rq).toMatchObject({
      readiness: { kind: "health" },
      health: {
        argv: ["/bin/sh", "-c", expect.stringContaining("test -e")],
        periodMs: 30_000,
        timeoutMs: 3_000,
      },
    });
    const [emails] = servicesOf("emails", { DJINIT_HEALTH_EMAILS: "true" });
    expect(emails).toMatchObject({ readiness: { kind: "log" }, health: { argv: ["true"] } });
    const [flower] = servicesOf("flower", { DJINIT_HEALTH_FLOWER: "true" });
    expect(flower).toMatchObject({ readiness: { kind: "health" } });
  });

  test("that is a celery worker has its reports, and a name of its own among workers", () => {
    const [emails] = servicesOf("emails");
    expect(emails).toMatchObject({
      name: "emails",
      heartbeatFile: "/run/celery/emails.heartbeat",
      argv: "celery -A app worker --hostname emails@%h --concurrency 1 --loglevel INFO -Q emails -c 3".split(
        " ",
      ),
      lastCall: { signal: "SIGQUIT" },
    });
    expect(servicesOf("named")[0]?.argv).not.toContain("--hostname");
    expect(servicesOf("clock")[0]).toMatchObject({ name: "clock", readiness: { kind: "file" } });
  });

  test("that is celery in another directory, with variables, behind a program that becomes it, is celery all the same", () => {
    const text = `src: cd src && TZ=UTC exec newrelic-admin run-program celery -A app worker -c $N -Q src`;
    expect(servicesOf("src", { N: "5" }, text)).toMatchObject([
      {
        name: "src",
        cwd: "/app/src",
        heartbeatFile: "/run/celery/src.heartbeat",
        environment: { TZ: "UTC", DJINIT_HEARTBEAT: "/run/celery/src.heartbeat" },
        argv: "newrelic-admin run-program celery -A app worker --hostname src@%h --concurrency 1 --loglevel INFO -c 5 -Q src".split(
          " ",
        ),
        check: ["celery", "-A", "app", "report"],
        lastCall: { signal: "SIGQUIT" },
      },
    ]);
  });

  test("flower gets the application and the broker as celery does", () => {
    const [flower] = servicesOf("flower", { CELERY_APP: "app", CELERY_BROKER: "redis://r" });
    expect(flower).toMatchObject({
      name: "flower",
      argv: ["celery", "--app", "app", "flower"],
      // A port that nobody listens at yet is no flower that is ready.
      readiness: { kind: "log", pattern: "^Visit me (at|via) ", orAfterMs: 20_000 },
      environment: { CELERY_BROKER_URL: "redis://r" },
    });
  });
});

test("what celery lacks beside web is told by the entry's name", () => {
  const { invocation } = resolvedOf("a.wsgi:b", "mail: celery worker --detach", { DJINIT_PROCESSES: "mail" });
  const problems = findProblems(invocation, configOf({ SKIP_MIGRATIONS: "1" })).map(({ problem }) => problem);
  expect(problems).toEqual([
    expect.stringMatching(
      /^the Procfile's mail has `--detach`, which puts celery worker into the background/,
    ),
    expect.stringMatching(/^CELERY_APP is not set and the Procfile's mail has no --app/),
  ]);
});

test("beside web there are as many as are wanted, and none takes the container's signals", () => {
  const services = servicesOf("a.wsgi:b", {
    DJINIT_PROCESSES: "rq=2,emails=2,huey",
    DJINIT_HEALTH_RQ: "true",
  });
  expect(services.map(({ name }) => name)).toEqual([
    "gunicorn",
    "nginx",
    "rq.1",
    "rq.2",
    "emails.1",
    "emails.2",
    "huey",
  ]);
  expect(services.slice(2).every(({ forwards }) => forwards.length === 0)).toBe(true);
  expect(services.slice(2, 4)).toMatchObject([
    { health: { argv: ["true"] } },
    { health: { argv: ["true"] } },
  ]);
  expect(services.slice(4, 6)).toMatchObject([
    { heartbeatFile: "/run/celery/emails.1.heartbeat" },
    { argv: expect.arrayContaining(["emails.2@%h"]) },
  ]);
});
