// The kinds of lines that Procfiles of Django projects have.
import { describe, expect, test } from "vitest";
import { resolvedOf } from "../../../support/planned.ts";

const WORKER = ["-A", "shop"];
const take = (line: string, variables = {}) => resolvedOf("jobs", `jobs: ${line}`, variables);

describe("a line that is celery's", () => {
  test.each([
    ["celery -A shop worker -l info", {}],
    ["exec celery -A shop worker", {}],
    ["python -m celery -A shop worker", {}],
    ["/opt/venv/bin/celery -A shop worker", {}],
    [`celery -A shop worker --concurrency=$\{WEB_CONCURRENCY:-2}`, {}],
    ['celery -A shop worker -Q "mail,default" -n jobs@%h', {}],
    ["celery -A shop worker -l $LOG_LEVEL -B", {}],
    ["REMAP_SIGTERM=SIGQUIT celery -A shop worker", { variables: { REMAP_SIGTERM: "SIGQUIT" } }],
    ["env A=1 B='x y' celery -A shop worker", { variables: { A: "1", B: "x y" } }],
    ["cd src && celery -A shop worker -l info --concurrency=2", { directory: "src" }],
    ["cd ./backend; exec celery -A shop worker", { directory: "./backend" }],
    ['cd "my src" && celery -A shop worker', { directory: "my src" }],
    ["sh -c 'celery -A shop worker'", {}],
    ['bash -c "cd src && exec celery -A shop worker"', { directory: "src" }],
    ["newrelic-admin run-program celery -A shop worker", { wrapper: ["newrelic-admin", "run-program"] }],
    [
      "DD_SERVICE=jobs ddtrace-run celery -A shop worker",
      { variables: { DD_SERVICE: "jobs" }, wrapper: ["ddtrace-run"] },
    ],
    ["opentelemetry-instrument celery -A shop worker", { wrapper: ["opentelemetry-instrument"] }],
    ["poetry run celery -A shop worker", { wrapper: ["poetry", "run"] }],
  ])("%s", (line, surroundings) => {
    const { invocation, warnings } = take(line, { LOG_LEVEL: "info" });
    expect(invocation).toMatchObject({ role: "worker", name: "jobs", celery: { globals: WORKER } });
    const isPlain = Object.keys(surroundings).length === 0;
    expect(invocation.celery?.surroundings).toEqual(
      isPlain ? undefined : { variables: {}, wrapper: [], ...surroundings },
    );
    expect(warnings).toEqual([]);
  });

  test("flower, beat and others keep what stands before them", () => {
    expect(take("cd src && celery -A shop beat -S redbeat.RedBeatScheduler").invocation).toMatchObject({
      role: "beat",
      celery: { surroundings: { directory: "src" } },
    });
    expect(take("A=1 celery -A shop flower --port=5555").invocation).toMatchObject({
      role: "process",
      celery: { subcommand: "flower", surroundings: { variables: { A: "1" } } },
    });
  });

  test("that Heroku makes end cold is told what that means, without a warning", () => {
    const { notes } = take("REMAP_SIGTERM=SIGQUIT celery -A shop worker");
    expect(notes).toMatchObject([
      { problem: expect.stringMatching(/^Procfile line 1: "jobs" has REMAP_SIGTERM=SIGQUIT: a stop cuts/) },
    ]);
  });
});

describe("a line that runs celery where it cannot be seen is told once, with what to write", () => {
  test.each([
    ["python manage.py migrate && celery -A shop worker", false],
    ["bin/start-pgbouncer celery -A shop worker -Q search", false],
    ["/app/.venv/bin/celery -A shop worker", false],
    ["python manage.py celery worker -B -E", false],
    ["uv run celery -A shop worker", false],
    [`bash -c '[ "$A" = 1 ] && ddtrace-run celery -A shop worker || celery -A shop worker'`, false],
    ["celery -A shop worker & celery -A shop beat & wait -n", true],
    ["celery -A shop worker 2>&1 | tee /tmp/log", true],
  ])("%s", (line, losesTasks) => {
    const { invocation, warnings, notes } = take(line);
    expect(invocation).toMatchObject({ role: "process", name: "jobs" });
    expect(warnings).toHaveLength(1);
    const { variable, problem = "" } = warnings[0] ?? {};
    expect(variable).toBe("Procfile");
    expect(problem).toMatch(/^Procfile line 1: "jobs" runs celery in a way that djinit does not see: /);
    expect(problem.endsWith("such as `jobs: celery -A PROJECT worker`")).toBe(true);
    expect(problem.includes("loses the tasks under way")).toBe(losesTasks);
    expect(notes).toEqual([]);
    const beside = resolvedOf("a.wsgi:b", `jobs: ${line}`, { DJINIT_PROCESSES: "jobs=2" });
    expect(beside.warnings).toEqual(warnings);
  });

  test.each([
    "python manage.py rqworker high default low",
    "python manage.py qcluster",
    "python manage.py rundramatiq --processes 2",
    "python manage.py runworker channels -v2",
    "python manage.py process_tasks",
    "REMAP_SIGTERM=SIGQUIT python manage.py run_huey",
    "cd app && python manage.py poll_sqs",
    "python celery_monitor.py worker",
    "tail -f celery.log",
    "./celery-exporter --broker-url x",
  ])("not %s", (line) => {
    const { invocation, warnings, notes } = take(line);
    expect([invocation.role, invocation.celery, warnings, notes]).toEqual(["process", undefined, [], []]);
  });
});
