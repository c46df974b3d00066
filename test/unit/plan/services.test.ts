import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { findProblems } from "../../../src/plan/build-plan.ts";
import { completePlan } from "../../../src/plan/complete-plan.ts";
import { ofService } from "../../../src/plan/environment.ts";
import { planGunicorn, usesUsualSocket } from "../../../src/plan/gunicorn.ts";
import { planAfterCheck } from "../../../src/plan/nginx.ts";
import { readCommand } from "../../../src/plan/role.ts";
import { configOf, planOf, serviceOf } from "../../support/planned.ts";

const FILE = ["--config", "/etc/gunicorn/config.py"];
const CELERY = { CELERY_APP: "cakes" };

describe("gunicorn", () => {
  test.each([
    ["a.wsgi:application", {}, ["a.wsgi:application"]],
    // What follows `--` is no option.
    ["-w 2 -- a.wsgi:application", {}, ["-w", "2", ...FILE, "--", "a.wsgi:application"]],
    ["a.wsgi:application --timeout 1800", {}, ["a.wsgi:application", "--timeout", "1800"]],
    ["gunicorn a.wsgi:application -w 2", {}, ["a.wsgi:application", "-w", "2"]],
    ["--config /app/own.py a:b", {}, ["--config", "/app/own.py", "a:b"]],
    // Deprecated: the application of a variable follows the words of the CMD.
    ["", { APP_MODULE: "a.wsgi:application" }, ["a.wsgi:application"]],
    ["-w 2", { APP_MODULE: "a.wsgi:application" }, ["-w", "2", "a.wsgi:application"]],
  ])("CMD %j with %j", (cmd, variables, words) => {
    // The image's file is last, and wins over another: it reads that one itself.
    const file = words.includes("--") ? [] : FILE;
    expect(serviceOf(planOf(cmd, variables), "gunicorn").argv).toEqual(["gunicorn", ...words, ...file]);
  });

  test.each([
    ["ddtrace-run gunicorn", "SIGHUP"],
    ["newrelic-admin run-program gunicorn", "SIGHUP"],
    // It imports the settings into the master, and workers would inherit them.
    ["opentelemetry-instrument gunicorn", "restart"],
    ["ddtrace-run uvicorn", "SIGHUP"],
  ])("behind what becomes it: %s", (words, reload) => {
    const web = planOf(`${words} a:b`).services.find(({ readiness }) => readiness.kind === "http");
    const wrapper = words.split(" ").slice(0, -1);
    expect(web?.argv.slice(0, wrapper.length)).toEqual(wrapper);
    expect(web?.check).not.toContain(wrapper[0]);
    expect(web?.reload).toBe(reload);
  });

  test("a file in the place of the image's, which reads no other, gives way to one that the words name", () => {
    const plan = planGunicorn(["-c", "own.py", "a:b"], configOf(), { settles: false, admin: { port: 0 } });
    expect(plan.argv).toEqual(["gunicorn", ...FILE, "-c", "own.py", "a:b"]);
  });

  test("is told which ports are not its own; a container without root tells it too", () => {
    for (const root of [true, false]) {
      const plan = serviceOf(planOf("a:b", { DJINIT_ADMIN_PORT: "9999" }, root), "gunicorn");
      expect(ofService(plan, {})["DJINIT_PORTS"]).toBe('{"nginx":[8000],"admin":9999}');
    }
  });

  test("is told when to renew its workers, in bytes", () => {
    const variables = { DJINIT_WORKER_MAX_REQUESTS: "1000", DJINIT_WORKER_MAX_MEMORY: "300m" };
    expect(serviceOf(planOf("a:b", variables), "gunicorn").environment).toMatchObject({
      DJINIT_WORKER_MAX_REQUESTS: "1000",
      DJINIT_WORKER_MAX_MEMORY: "314572800",
    });
    expect(Object.keys(serviceOf(planOf("a:b"), "gunicorn").environment).join()).not.toContain("WORKER");
  });

  test.each([
    [{}, "8190 9216 112"],
    // gunicorn takes no greater limit for the line than none.
    [{ DJINIT_MAX_HEADER_SIZE: "16k" }, "0 17408 112"],
    [{ DJINIT_MAX_HEADER_SIZE: "2k" }, "8190 3072 112"],
  ])("refuses nothing that nginx lets through: %j", (variables, limits) => {
    const { environment } = serviceOf(planOf("a:b", variables), "gunicorn");
    expect(environment["DJINIT_REQUEST_LIMITS"]).toBe(limits);
  });

  test("a request may take as long as nginx waits for it, in whole seconds", () => {
    const plan = planOf("a:b", { DJINIT_REQUEST_TIMEOUT: "1.5" });
    expect(serviceOf(plan, "gunicorn").environment).toMatchObject({ DJINIT_REQUEST_TIMEOUT: "2" });
    expect(serviceOf(plan, "nginx").waits).toMatchObject({ seconds: 2 });
    expect(serviceOf(planOf("a:b"), "nginx").waits).not.toHaveProperty("seconds");
    expect(serviceOf(planOf("a:b"), "gunicorn").environment).not.toHaveProperty("DJINIT_REQUEST_TIMEOUT");
  });

  test("a gunicorn.conf.py may name the application", () => {
    const problems = (hasGunicornFile: boolean) =>
      findProblems(readCommand(["gunicorn"]), configOf({ SKIP_MIGRATIONS: "1" }), { hasGunicornFile });
    expect(problems(true)).toEqual([]);
    expect(problems(false)).toMatchObject([{ variable: "CMD" }]);
  });

  test("runs as django in /app, is ready when a worker takes connections, reloads by HUP", () => {
    expect(serviceOf(planOf("a:b"), "gunicorn")).toMatchObject({
      cwd: "/app",
      user: "django",
      environment: { HOME: "/run/django", USER: "django", LOGNAME: "django" },
      check: ["gunicorn", "--check-config", "a:b", ...FILE],
      after: [],
      readiness: { kind: "http", socketPath: "/run/gunicorn/gunicorn.sock" },
      restart: "always",
      stopSignal: "SIGTERM",
      fastStopSignal: "SIGQUIT",
      reload: "SIGHUP",
      // USR2 would start a second master that PID 1 could not tell from an orphan.
      forwards: ["SIGUSR1", "SIGTTIN", "SIGTTOU"],
      fatalStatuses: [2, 3, 4],
      output: "relay",
    });
  });

  test("runs in the application's directory", () => {
    const variables = { DJINIT_APP_DIRECTORY: "/app/sub" };
    expect(serviceOf(planOf("a:b", variables), "gunicorn").cwd).toBe("/app/sub");
    expect(serviceOf(planOf("django-admin check", variables), "command").cwd).toBe("/app/sub");
  });

  test("is asked at DJINIT_READINESS_PATH where that is set", () => {
    const { readiness } = serviceOf(planOf("a:b", { DJINIT_READINESS_PATH: "/health/" }), "gunicorn");
    expect(readiness).toMatchObject({ kind: "http", path: "/health/" });
  });
});

describe("the socket between nginx and gunicorn", () => {
  const socketsOf = (cmd: string, variables: Record<string, string> = {}) =>
    serviceOf(completePlan(planOf(cmd, variables), { socketFd: 7 }), "gunicorn").sockets;

  test("is held by PID 1, which tells gunicorn so", () => {
    expect(socketsOf("a:b --workers 2")).toEqual({
      sockets: [{ kind: "inherited", fd: 7 }],
      variable: "DJINIT_LISTEN_FDS",
    });
  });

  test.each([
    ["a:b", true],
    ["a:b --chdir /x --timeout 5", true],
    ["a:b -b 0.0.0.0:9000", false],
    ["a:b --bind=unix:/run/x.sock", false],
    ["a:b -c /app/gunicorn.py", false],
    ["gunicorn --config=/app/gunicorn.py a:b", false],
    ["a:b --backlog 5", false],
    ["a:b --reuse-port", false],
  ])("with a file in the place of the image's, %s: %j", (cmd, held) => {
    expect(usesUsualSocket(readCommand(cmd.split(" ")).args, configOf())).toBe(held);
  });

  test("GUNICORN_CMD_ARGS counts too", () => {
    expect(usesUsualSocket(["a:b"], configOf({ GUNICORN_CMD_ARGS: "--workers=2 --bind 0.0.0.0:9000" }))).toBe(
      false,
    );
  });
});

describe("nginx", () => {
  test("after a check it listens where its files say now", () => {
    const before = serviceOf(planOf("a:b"), "nginx");
    const after = planAfterCheck(before, "http { server { listen 9000; listen localhost:9001; } }");
    expect(after).toEqual({
      ...before,
      readiness: {
        kind: "tcp",
        addresses: [
          { host: "127.0.0.1", port: 9_000 },
          { host: "localhost", port: 9_001 },
        ],
      },
      sockets: { sockets: [{ kind: "tcp", host: "0.0.0.0", port: 9_000, onlyV6: false }], variable: "NGINX" },
    });
    const gunicorn = serviceOf(planOf("a:b"), "gunicorn");
    expect(planAfterCheck(gunicorn, "listen 9000;")).toBe(gunicorn);
  });

  test("has its files checked before a reload, and its status socket cleared away before a start", () => {
    const { argv, check, staleSockets, facesClients, readsEnvironment } = serviceOf(planOf("a:b"), "nginx");
    expect(check).toEqual([...argv, "-T"]);
    const status = readFileSync(
      new URL("../../../docker/etc/nginx/conf.d/status.conf", import.meta.url),
      "utf8",
    );
    const path = /listen unix:(\S+);/.exec(status)?.[1];
    expect(staleSockets).toEqual([path]);
    expect({ facesClients, readsEnvironment }).toEqual({ facesClients: true, readsEnvironment: false });
  });

  test("starts after gunicorn, never as root, drains by QUIT", () => {
    expect(serviceOf(planOf("a:b"), "nginx")).toMatchObject({
      argv: ["/usr/sbin/nginx", "-e", "stderr", "-g", "daemon off;"],
      cwd: "/",
      user: "nginx",
      after: ["gunicorn"],
      readiness: { kind: "tcp", addresses: [{ host: "127.0.0.1", port: 8000 }] },
      stopSignal: "SIGQUIT",
      fastStopSignal: "SIGTERM",
      reload: "SIGHUP",
      forwards: [],
      restart: "always",
      output: "relay",
    });
  });
});

describe("celery", () => {
  test.each([
    ["celery worker", CELERY, "celery --app cakes worker --concurrency 1 --loglevel INFO"],
    ["celery worker -Q mail", CELERY, "celery --app cakes worker --concurrency 1 --loglevel INFO -Q mail"],
    ["celery beat", CELERY, "celery --app cakes beat --loglevel INFO"],
    // What the CMD says itself is not said twice.
    ["celery -A other worker", CELERY, "celery -A other worker --concurrency 1 --loglevel INFO"],
    ["celery -Aother beat", CELERY, "celery -Aother beat --loglevel INFO"],
    ["celery --app=other beat", CELERY, "celery --app=other beat --loglevel INFO"],
    ["celery -q worker", CELERY, "celery --app cakes -q worker --concurrency 1 --loglevel INFO"],
    // Deprecated variables. The broker is not among the words, which everybody can see.
    [
      "celery worker",
      { ...CELERY, CELERY_BROKER: "redis://r", CELERY_CONCURRENCY: "4", CELERY_LOGLEVEL: "debug" },
      "celery --app cakes worker --concurrency 4 --loglevel debug",
    ],
    [
      "celery beat",
      { ...CELERY, CELERY_BROKER: "redis://r", CELERY_CONCURRENCY: "4", CELERY_LOGLEVEL: "debug" },
      "celery --app cakes beat --loglevel debug",
    ],
    ["celery inspect ping", CELERY, "celery --app cakes inspect ping"],
    ["celery inspect ping", {}, "celery inspect ping"],
    ["celery --version", CELERY, "celery --app cakes --version"],
    ["celery", {}, "celery"],
  ])("CMD `%s` with %j", (cmd, variables, argv) => {
    const { services } = planOf(cmd, variables);
    expect(services).toHaveLength(1);
    expect(services[0]?.argv.join(" ")).toBe(argv);
    expect(services[0]).toMatchObject({ cwd: "/app", user: "django" });
  });

  test.each(["worker", "beat"])(
    "%s: TERM to its main process, QUIT for a fast stop, reloaded by a restart",
    (name) => {
      expect(planOf(`celery ${name}`, CELERY).services[0]).toMatchObject({
        name: `celery-${name}`,
        stopSignal: "SIGTERM",
        fastStopSignal: "SIGQUIT",
        reload: "restart",
        restart: "always",
        fatalStatuses: [2],
      });
    },
  );

  test("a worker alone hears USR1 and USR2, beat nothing", () => {
    expect(planOf("celery worker", CELERY).services[0]?.forwards).toEqual(["SIGUSR1", "SIGUSR2"]);
    expect(planOf("celery beat", CELERY).services[0]?.forwards).toEqual([]);
  });
});

describe("all in one", () => {
  const plan = planOf("a:b", { ...CELERY, CELERY_WORKER: "1", CELERY_BEAT: "1", CELERY_CONCURRENCY: "3" });

  test("CELERY_WORKER and CELERY_BEAT run beside web, the worker in one process", () => {
    expect(plan.services.map(({ name }) => name)).toEqual([
      "gunicorn",
      "nginx",
      "celery-worker",
      "celery-beat",
    ]);
    expect(serviceOf(plan, "celery-worker").argv.join(" ")).toBe(
      "celery --app cakes worker --pool=solo --pidfile /run/celery/worker.pid --concurrency 3 --loglevel INFO",
    );
    expect(serviceOf(plan, "celery-beat").argv.join(" ")).toBe(
      "celery --app cakes beat --pidfile /run/celery/beat.pid --loglevel INFO",
    );
  });

  test("beat is told which lock it has: no other variable of djinit's reaches it", () => {
    const lockOf = (env: Record<string, string>, cmd: string) => {
      const { services } = planOf(cmd, { ...CELERY, ...env });
      return services.find(({ name }) => name === "celery-beat")?.environment["DJINIT_BEAT_LOCK"];
    };
    expect(lockOf({ CELERY_BEAT: "1" }, "a:b")).toBe("auto");
    expect(lockOf({ CELERY_BEAT: "1", DJINIT_BEAT_LOCK: "database" }, "a:b")).toBe("database");
    expect(lockOf({ DJINIT_BEAT_LOCK: "off" }, "celery beat")).toBe("off");
  });

  test("signals to PID 1 are gunicorn's there; celery stops in parallel with nginx", () => {
    expect(plan.services.filter(({ forwards }) => forwards.length > 0).map(({ name }) => name)).toEqual([
      "gunicorn",
    ]);
    expect(serviceOf(plan, "celery-worker").after).toEqual([]);
  });

  test.each(["celery worker", "celery beat", "django-admin check"])(
    "with CMD `%s` they mean nothing",
    (cmd) => {
      expect(planOf(cmd, { ...CELERY, CELERY_WORKER: "1", CELERY_BEAT: "1" }).services).toHaveLength(1);
    },
  );
});

describe("the worker of Django's tasks", () => {
  const alone = serviceOf(planOf("tasks --queue-name mail", {}), "tasks-worker");

  test("gets the CMD's options, and is told to end by one signal to its main process", () => {
    expect(alone).toMatchObject({
      argv: ["python", "-m", "djinit_tasks", "--queue-name", "mail"],
      check: ["python", "-m", "djinit_tasks", "check", "--queue-name", "mail"],
      stopSignal: "SIGTERM",
      restart: "always",
      user: "django",
      heartbeatFile: "/run/celery/tasks-worker.heartbeat",
      environment: { DJINIT_HEARTBEAT: "/run/celery/tasks-worker.heartbeat" },
    });
    expect(alone.lastCall).toBeUndefined();
    expect(alone.hurryRest).toBeUndefined();
  });

  test("runs beside web with DJANGO_TASKS_WORKER, after celery", () => {
    const plan = planOf("a:b", { ...CELERY, CELERY_BEAT: "1", DJANGO_TASKS_WORKER: "1" });
    expect(plan.services.map(({ name }) => name)).toEqual([
      "gunicorn",
      "nginx",
      "celery-beat",
      "tasks-worker",
    ]);
    expect(serviceOf(plan, "tasks-worker").argv).toEqual(["python", "-m", "djinit_tasks"]);
    expect(planOf("celery beat", { ...CELERY, DJANGO_TASKS_WORKER: "1" }).services).toHaveLength(1);
  });

  test("gets celery's broker as celery does: its backend may be celery's", () => {
    const { environment } = serviceOf(planOf("tasks", { CELERY_BROKER: "redis://r" }), "tasks-worker");
    expect(environment["CELERY_BROKER_URL"]).toBe("redis://r");
  });
});

describe("a command of the user's own", () => {
  test("runs once as django in /app, with PID 1's stdin, stdout and stderr", () => {
    expect(planOf("django-admin shell")).toMatchObject({
      role: "command",
      supervisorUser: "djinit",
      services: [
        {
          name: "command",
          argv: ["django-admin", "shell"],
          cwd: "/app",
          user: "django",
          restart: "no",
          output: "inherit",
        },
      ],
    });
  });

  test("DJINIT_COMMAND_OUTPUT=json relays its lines", () => {
    expect(planOf("x", { DJINIT_COMMAND_OUTPUT: "json" }).services[0]?.output).toBe("relay");
  });

  test("DJINIT_COMMAND_USER changes who runs it; root keeps root for PID 1 too, but for a command only", () => {
    expect(planOf("x", { DJINIT_COMMAND_USER: "nobody" }).services[0]).toMatchObject({
      user: "nobody",
      environment: { HOME: "/nonexistent", USER: "nobody" },
    });
    const root = planOf("x", { DJINIT_COMMAND_USER: "root" });
    expect(root.services[0]).toMatchObject({ user: "root", environment: { HOME: "/root" } });
    expect(root.supervisorUser).toBeUndefined();
    expect(planOf("a:b", { DJINIT_COMMAND_USER: "root" }).supervisorUser).toBe("djinit");
  });
});

test.each(["a:b", "celery worker", "celery beat", "x"])(
  "CMD `%s` not started as root: nobody to become",
  (cmd) => {
    const plan = planOf(cmd, CELERY, false);
    expect(plan.supervisorUser).toBeUndefined();
    for (const service of plan.services) expect(service).not.toHaveProperty("user");
  },
);

test("the plan survives the trip to the second life as JSON", () => {
  const plan = planOf("a:b", {
    ...CELERY,
    CELERY_WORKER: "1",
    DJINIT_GRACE_PERIOD: "7.5",
    DJINIT_MAX_RESTARTS: "0",
  });
  expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
  expect(plan).toMatchObject({
    role: "web",
    gracePeriodMs: 7_500,
    startupTimeoutMs: 120_000,
    maxRestarts: 0,
  });
});

test("no secret of the boot is in a plan", () => {
  const secrets = { SUPERUSER_PASSWORD: "s3cr3t", DATABASE_URL: "postgres://u:s3cr3t@h/d" };
  for (const cmd of ["a:b", "celery worker", "x"]) {
    expect(JSON.stringify(planOf(cmd, { ...CELERY, ...secrets }))).not.toContain("s3cr3t");
  }
});
