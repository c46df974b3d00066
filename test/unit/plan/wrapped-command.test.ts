import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readCommand } from "../../../src/plan/role.ts";
import { plainArgv, shellLine } from "../../../src/plan/words/shell-line.ts";

const inShell = (line: string) => ["/bin/sh", "-c", line];

describe("a server in other words is the same server", () => {
  test.each([
    [["app.wsgi"], ["app.wsgi"]],
    [
      ["config.asgi", "-k", "asgi"],
      ["config.asgi", "-k", "asgi"],
    ],
    [["/opt/venv/bin/gunicorn", "app.wsgi"], ["app.wsgi"]],
    [
      ["python", "-m", "gunicorn", "app.wsgi", "-w", "2"],
      ["app.wsgi", "-w", "2"],
    ],
    [["python3.13", "-u", "-m", "gunicorn", "app.wsgi"], ["app.wsgi"]],
    [inShell("gunicorn app.wsgi --bind 0.0.0.0:8000"), ["app.wsgi", "--bind", "0.0.0.0:8000"]],
    [inShell(" exec  gunicorn\tapp.wsgi\n"), ["app.wsgi"]],
    [inShell("python -m gunicorn app.wsgi"), ["app.wsgi"]],
    [inShell("app.wsgi:application"), ["app.wsgi:application"]],
    [inShell(`gunicorn "app:create_app('x y')"`), ["app:create_app('x y')"]],
    [["/bin/bash", "-eo", "pipefail", "-c", "gunicorn app.wsgi"], ["app.wsgi"]],
    [["sh", "-e", "-uc", "gunicorn app.wsgi"], ["app.wsgi"]],
  ])("%j is web", (cmd, args) => {
    expect(readCommand(cmd)).toEqual({ role: "web", args });
  });

  test.each([
    [inShell("celery -A app worker -l info"), "worker"],
    [inShell("exec celery -A app beat"), "beat"],
    [["python", "-m", "celery", "-A", "app", "worker"], "worker"],
    [inShell("python -m celery -A app inspect ping"), "command"],
  ])("%j is %s", (cmd, role) => {
    const { role: read, args, celery } = readCommand(cmd);
    expect(read).toBe(role);
    expect(args[0]).toBe("celery");
    expect(celery?.globals).toEqual(["-A", "app"]);
  });

  test.each([
    [["ddtrace-run", "gunicorn", "app.wsgi"], ["ddtrace-run"]],
    [
      ["newrelic-admin", "run-program", "python", "-m", "gunicorn", "app.wsgi"],
      ["newrelic-admin", "run-program"],
    ],
    [
      inShell("poetry run opentelemetry-instrument gunicorn app.wsgi"),
      ["poetry", "run", "opentelemetry-instrument"],
    ],
  ])("%j is web behind what becomes it", (cmd, wrapper) => {
    expect(readCommand(cmd)).toEqual({ role: "web", args: ["app.wsgi"], wrapper });
  });

  test.each([
    [
      ["ddtrace-run", "uvicorn", "app.asgi:app"],
      { role: "web", server: "uvicorn", wrapper: ["ddtrace-run"] },
    ],
    [
      ["ddtrace-run", "celery", "-A", "app", "worker"],
      { role: "worker", celery: { surroundings: { variables: {}, wrapper: ["ddtrace-run"] } } },
    ],
    [["ddtrace-run", "celery", "inspect", "ping"], { role: "command" }],
    [["ddtrace-run", "app.wsgi"], { role: "command" }],
    [["ddtrace-run", "python", "manage.py", "rqworker"], { role: "command" }],
    [["ddtrace-run"], { role: "command" }],
    [["newrelic-admin", "generate-config"], { role: "command" }],
  ])("%j", (cmd, expected) => {
    const invocation = readCommand(cmd);
    expect(invocation).toMatchObject(expected);
    if (invocation.role === "command") expect(invocation.args).toEqual(cmd);
  });

  test("release, too", () => {
    expect(readCommand(inShell("release"))).toEqual({ role: "release", args: [] });
  });
});

describe("what is not plainly one is run as it is", () => {
  test.each([
    [inShell("gunicorn app.wsgi --bind 0.0.0.0:$PORT")],
    [inShell("gunicorn app.wsgi & celery -A app worker")],
    [inShell("python manage.py migrate && gunicorn app.wsgi")],
    [inShell("PORT=1 gunicorn app.wsgi")],
    [inShell("gunicorn app.wsgi > /tmp/log")],
    [inShell("gunicorn 'app.wsgi")],
    [inShell("python manage.py migrate")],
    [inShell("-w 2")],
    [inShell("")],
    [inShell("exec -a web gunicorn app.wsgi")],
    // What follows are the line's own arguments.
    [["sh", "-c", "gunicorn app.wsgi", "x"]],
    // Reads files first.
    [["bash", "-lc", "gunicorn app.wsgi"]],
    [["sh", "gunicorn"]],
    [["/app/.venv/bin/python", "-m", "gunicorn", "app.wsgi"]],
    [["python", "-O", "-m", "gunicorn", "app.wsgi"]],
    [["python", "-m", "gunicornx"]],
    [["python", "-m"]],
    [["app.main"]],
    [["wsgi"]],
    [["/opt/venv/bin/django-admin", "check"]],
  ])("%j", (cmd) => {
    expect(readCommand(cmd)).toEqual({ role: "command", args: cmd });
  });
});

test("a line that is taken apart has the arguments that a shell would give", () => {
  const piece = fc.constantFrom(
    "a",
    "b c",
    "'x y'",
    '"x y"',
    "=",
    ",",
    "-k",
    "/",
    " ",
    "''",
    "\t",
    '"',
    "'",
    "$A",
    "*",
    ";",
    "%n",
    "@h",
    ":",
    "#",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
      const line = `printf-args ${pieces.join("")}`;
      const argv = plainArgv(line);
      if (argv === undefined) return;
      const script = `printf-args() { for word; do printf '%s\\0' "$word"; done; }; ${line}`;
      const said = execFileSync("/bin/bash", ["-c", script], { encoding: "utf8" });
      expect(argv.slice(1)).toEqual(said.split("\0").slice(0, -1));
    }),
    { numRuns: 60 },
  );
});

test("only a shell's own option is followed by a line", () => {
  expect(shellLine(["/usr/bin/bash", "-c", "x"])).toBe("x");
  for (const argv of [
    [],
    ["sh"],
    ["sh", "-c"],
    ["sh", "-x", "-c", "y"],
    ["fish", "-c", "y"],
    ["sh", "-o", "posix", "-c", "y"],
  ])
    expect(shellLine(argv)).toBeUndefined();
});
