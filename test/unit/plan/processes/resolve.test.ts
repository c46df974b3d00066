import { describe, expect, test } from "vitest";
import { loadConfig } from "../../../../src/config/load.ts";
import { planBoot } from "../../../../src/plan/boot-steps.ts";
import { configOf, resolvedOf } from "../../../support/planned.ts";

const PROCFILE = `release: python manage.py loaddata x
web: gunicorn app.wsgi --workers 3
worker: celery -A app worker -c $N
rq: python manage.py rqworker
loop: while true; do ./x; done
health: ./check
flower: celery -A app flower
beat: celery beat`;

const invocationOf = (cmd: string, variables = {}) => resolvedOf(cmd, PROCFILE, variables).invocation;
const problemsOf = (cmd: string, text: string, variables = {}) =>
  resolvedOf(cmd, text, variables).problems.map(({ problem }) => problem);

describe("a CMD of one word", () => {
  test("that is an entry runs it: a process of the project's own, without a shell where it may be", () => {
    expect(invocationOf("rq")).toEqual({
      role: "process",
      name: "rq",
      args: ["python", "manage.py", "rqworker"],
      signalsGroup: false,
      stopSignal: "SIGTERM",
    });
    expect(invocationOf("loop")).toMatchObject({
      args: ["/bin/sh", "-c", expect.any(String)],
      signalsGroup: true,
    });
  });

  test("gunicorn and celery in an entry are what they are in a CMD", () => {
    expect(invocationOf("web")).toEqual({ role: "web", args: ["app.wsgi", "--workers", "3"] });
    expect(invocationOf("worker", { N: "7" })).toMatchObject({
      role: "worker",
      name: "worker",
      celery: { globals: ["-A", "app"], rest: ["-c", "7"] },
    });
    expect(invocationOf("beat")).toMatchObject({ role: "beat", name: "beat" });
    expect(invocationOf("flower")).toMatchObject({ role: "process", celery: { subcommand: "flower" } });
  });

  test("a web line that does djinit's own steps first is the server behind them, and a note says so", () => {
    const { invocation, notes, problems } = resolvedOf(
      "web",
      "web: python manage.py migrate && python manage.py collectstatic --no-input && gunicorn app.wsgi --bind 0.0.0.0:$PORT -w 2",
      {},
    );
    expect(invocation).toEqual({ role: "web", args: ["app.wsgi", "-w", "2"] });
    expect(problems).toEqual([]);
    expect(notes.map(({ problem }) => problem)).toEqual([
      'Procfile line 1: what "web" does before its server is not run: djinit migrates itself; static files are collected when the image is built, or with RUN_COLLECTSTATIC=1',
    ]);
    const text = "web: ./manage.py migrate && gunicorn app.wsgi";
    expect(problemsOf("app.wsgi", text, { DJINIT_PROCESSES: "web" })).toEqual([
      expect.stringContaining("which is a web server: one serves in this container already"),
    ]);
  });

  test.each([
    [{ DJINIT_MIGRATIONS: "run", SKIP_MIGRATIONS: "1" }, "djinit migrates itself"],
    [{ SKIP_MIGRATIONS: "1" }, "nobody migrates here, as SKIP_MIGRATIONS says"],
    [{ DJINIT_MIGRATIONS: "skip" }, "nobody migrates here, as DJINIT_MIGRATIONS=skip says"],
    [{ DJINIT_MIGRATIONS: "wait" }, "djinit waits until another container has migrated"],
    [{ DJINIT_MIGRATIONS: "check" }, "djinit only checks that another container has migrated"],
    [{ DJINIT_WEB: "nginx" }, "migrating is left to the container with DJINIT_WEB=application"],
  ])("the note says who migrates with %j", (variables, said) => {
    const text = "web: python manage.py migrate && gunicorn app.wsgi";
    const [note] = resolvedOf("web", text, variables).notes;
    expect(note?.problem).toContain(`before its server is not run: ${said}`);
  });

  test.each([
    "python manage.py migrate --fake && gunicorn app.wsgi",
    "python manage.py migrate && python manage.py loaddata x && gunicorn app.wsgi",
    "python manage.py migrate; gunicorn app.wsgi",
    "python manage.py migrate && gunicorn app.wsgi & ./other",
    "echo 'python manage.py migrate && gunicorn app.wsgi'",
    "python manage.py migrate",
  ])("a web line that does anything else is not run: %s", (line) => {
    const { invocation, notes } = resolvedOf("web", `web: ${line}`, {});
    expect(invocation).toEqual({ role: "web", args: [] });
    expect(notes.map(({ problem }) => problem)).toEqual([
      expect.stringContaining("this line is not a web server's alone: it is not run"),
    ]);
  });

  test("the worker of Django's tasks in an entry is one too; an entry called `tasks` says which worker that is", () => {
    const text = "mail: tasks --queue-name mail\ntasks: rq worker";
    const { invocation } = resolvedOf("mail", text, {});
    expect(invocation).toEqual({ role: "tasks", name: "mail", args: ["--queue-name", "mail"] });
    expect(resolvedOf("tasks", text, {}).invocation).toMatchObject({
      role: "process",
      args: ["rq", "worker"],
    });
    expect(resolvedOf("tasks", "rq: rq worker", {}).invocation).toEqual({ role: "tasks", args: [] });
    expect(resolvedOf("tasks", "tasks: tasks", {}).invocation).toMatchObject({
      role: "tasks",
      name: "tasks",
    });
  });

  test.each([
    "gunicorn shop.wsgi --bind 0.0.0.0:$PORT --log-file -",
    "gunicorn -b :$PORT shop.wsgi --log-file -",
    `gunicorn shop.wsgi --bind="[::]:§{PORT:-5000}" --log-file -`,
  ])("the port of a platform is nginx's: `%s`", (line) => {
    expect(resolvedOf("web", `web: ${line.replace("§", "$")}`).invocation).toEqual({
      role: "web",
      args: ["shop.wsgi", "--log-file", "-"],
    });
  });

  test("`worker` and `beat` may be another program's, and a record says so", () => {
    const { invocation, notes } = resolvedOf("worker", "worker: python manage.py rqworker");
    expect(invocation).toMatchObject({ role: "process", name: "worker" });
    expect(notes).toMatchObject([{ problem: expect.stringContaining('line 1: "worker" is not celery\'s') }]);
  });

  test("that is djinit's keeps its meaning", () => {
    expect(invocationOf("release")).toMatchObject({
      role: "release",
      releaseLine: "python manage.py loaddata x",
    });
    expect(invocationOf("celery")).toMatchObject({ role: "command" });
    expect(resolvedOf("gunicorn", "gunicorn: ./mine").invocation).toEqual({ role: "web", args: [] });
    expect(problemsOf("nginx", "nginx: ./mine")).toEqual([
      'Procfile line 1: "nginx" is a name of djinit\'s own: give the entry another',
    ]);
    const { invocation, notes } = resolvedOf("web", "web: ./start.sh");
    expect(invocation).toEqual({ role: "web", args: [] });
    expect(notes).toMatchObject([
      { problem: expect.stringContaining('line 1: "web" is djinit\'s own role') },
    ]);
  });

  test("that is no entry, and several words, are what they were; nothing is said of the Procfile then", () => {
    const broken = "rq no colon\nmail: x";
    expect(resolvedOf("bash", broken)).toMatchObject({
      invocation: { role: "command" },
      problems: [],
      notes: [],
    });
    expect(resolvedOf("rq worker", PROCFILE).invocation).toMatchObject({
      role: "command",
      args: ["rq", "worker"],
    });
    // The line that is meant may be the broken one.
    expect(problemsOf("rq", broken)).toHaveLength(1);
    expect(problemsOf("mail", broken)).toHaveLength(1);
    expect(problemsOf("a.wsgi:b", broken)).toEqual([]);
  });

  test("what an entry is called that cannot be run is said once, where the Procfile is in use", () => {
    const notes = (cmd: string) => resolvedOf(cmd, PROCFILE).notes.map(({ problem }) => problem);
    expect(notes("rq")).toEqual([
      'Procfile line 6: "health" keeps the meaning that it has to djinit; the line is not run',
    ]);
    expect(notes("a.wsgi:b")).toEqual([]);
  });
});

describe("DJINIT_PROCESSES beside web", () => {
  const beside = (wanted: string, cmd = "a.wsgi:b") =>
    resolvedOf(cmd, PROCFILE, { DJINIT_PROCESSES: wanted });

  test("are entries, as many as are wanted; another role takes no notice", () => {
    expect(beside("rq=2,worker,loop=0").invocation.beside).toMatchObject([
      { name: "rq", count: 2, invocation: { role: "process" } },
      { name: "worker", count: 1, invocation: { role: "worker" } },
    ]);
    expect(beside("rq=2", "celery worker").invocation.beside).toBeUndefined();
  });

  test("that cannot be are all said at once", () => {
    expect(beside("web,qr,health,rq").problems.map(({ problem }) => problem)).toEqual([
      'DJINIT_PROCESSES names "web", which is a web server: one serves in this container already; give it a container of its own, with CMD ["web"]',
      'DJINIT_PROCESSES names "qr", which is no entry of /app/Procfile: it has release, web, worker, rq, loop, health, flower, beat',
      'DJINIT_PROCESSES names "health", which is a name of djinit\'s own: give the entry another',
    ]);
    expect(problemsOf("a.wsgi:b", "", { DJINIT_PROCESSES: "rq" })).toEqual([
      'DJINIT_PROCESSES names "rq", which is no entry of /app/Procfile: there is none',
    ]);
  });
});

test("a command of health for no entry is told", () => {
  const { warnings } = resolvedOf("rq", PROCFILE, { DJINIT_HEALTH_RQ: "x", DJINIT_HEALTH_QR: "x" });
  expect(warnings).toMatchObject([{ variable: "DJINIT_HEALTH_QR" }]);
});

test("a stop signal for no entry is told, and one that is none is refused", () => {
  const { warnings } = resolvedOf("rq", PROCFILE, {
    DJINIT_STOP_SIGNAL_RQ: "INT",
    DJINIT_STOP_SIGNAL_QR: "INT",
  });
  expect(warnings).toMatchObject([{ variable: "DJINIT_STOP_SIGNAL_QR" }]);
  expect(
    resolvedOf("web", PROCFILE, { DJINIT_STOP_SIGNAL_WEB: "INT", DJINIT_HEALTH_RELEASE: "x" }).warnings,
  ).toEqual([
    expect.objectContaining({
      problem: expect.stringContaining("DJINIT_HEALTH_RELEASE has no effect: release is djinit's"),
    }),
    expect.objectContaining({
      problem: expect.stringContaining("DJINIT_STOP_SIGNAL_WEB has no effect: web is djinit's own"),
    }),
  ]);
  expect(loadConfig({ DJINIT_STOP_SIGNAL_RQ: "KILL", DJINIT_STOP_SIGNAL_MAIL: "" }).problems).toEqual([
    {
      variable: "DJINIT_STOP_SIGNAL_RQ",
      value: "KILL",
      problem: 'DJINIT_STOP_SIGNAL_RQ is "KILL", which is none of TERM, INT, QUIT, HUP, USR1, USR2',
    },
  ]);
});

describe("the release line", () => {
  const lineOf = (line: string, variables = {}) => {
    const { invocation, notes } = resolvedOf("release", `release: ${line}`, variables);
    return [invocation.releaseLine, notes.length];
  };

  test.each([
    "python manage.py migrate",
    "python3 manage.py migrate --noinput",
    "./manage.py migrate --no-input",
    "django-admin migrate",
  ])("`%s` has been done by then, unless nothing migrates", (line) => {
    expect(lineOf(line)).toEqual([undefined, 1]);
    expect(lineOf(line, { SKIP_MIGRATIONS: "1" })).toEqual([line, 0]);
    expect(lineOf(line, { DJINIT_MIGRATIONS: "run", SKIP_MIGRATIONS: "1" })).toEqual([undefined, 1]);
  });

  test.each([
    "python manage.py migrate && python manage.py loaddata x",
    "python manage.py migrate app 0001",
    "python manage.py migrate --database other",
    "./release.sh",
  ])("`%s` is run", (line) => {
    expect(lineOf(line)).toEqual([line, 0]);
  });
});

describe("the steps of a process", () => {
  const variables = { DJANGO_SETTINGS_MODULE: "x", DATABASE_URL: "postgres://h/d", RUN_COLLECTSTATIC: "1" };
  const stepsOf = (cmd: string, more = {}) =>
    planBoot(invocationOf(cmd), configOf({ ...variables, ...more })).steps;

  test("it waits for the schema as celery does; what looks at the broker alone does not", () => {
    expect(stepsOf("rq")).toEqual(["wait-for-database", "wait-for-migrations"]);
    expect(stepsOf("worker")).toEqual(stepsOf("rq"));
    expect(stepsOf("rq", { SKIP_MIGRATIONS: "1" })).toEqual(["wait-for-database"]);
    expect(stepsOf("flower")).toEqual([]);
    const { invocation } = resolvedOf("upgrade", "upgrade: python manage.py migrate");
    expect(planBoot(invocation, configOf(variables)).steps).toEqual(["wait-for-database"]);
  });
});
