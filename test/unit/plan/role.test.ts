import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type CeleryArgs, readCommand } from "../../../src/plan/role.ts";

// A busy machine may take its time.

/** CMD → role and the args that are handed on. */
const WEB: [cmd: string[], args: string[]][] = [
  [[], []],
  [["cake_service.wsgi:application"], ["cake_service.wsgi:application"]],
  [
    ["a.b.c:app", "--timeout", "1800"],
    ["a.b.c:app", "--timeout", "1800"],
  ],
  [["wsgi:application"], ["wsgi:application"]],
  [["app.wsgi:create_app()"], ["app.wsgi:create_app()"]],
  [['app.wsgi:create_app("x y", z=1)'], ['app.wsgi:create_app("x y", z=1)']],
  [
    ["--workers", "2", "app.wsgi:application"],
    ["--workers", "2", "app.wsgi:application"],
  ],
  [["-w2"], ["-w2"]],
  [
    ["gunicorn", "app.wsgi:application", "-w", "2"],
    ["app.wsgi:application", "-w", "2"],
  ],
  [["gunicorn"], []],
];

const COMMANDS: string[][] = [
  ["django-admin", "shell"],
  ["python", "-c", "print(1)"],
  ["./manage.py", "check"],
  ["/usr/bin/gunicorn", "app.wsgi:application"],
  ["bash"],
  ["app.main"],
  ["worker"],
  ["release", "now"],
  ["tasks", "now"],
  ["my-app.wsgi:application"],
  ["http://example.com:8000"],
  ["app.wsgi:application:x"],
  ["app..wsgi:application"],
  ["1app:x"],
  ["app:"],
  [":app"],
  [""],
];

const CELERY: [cmd: string, role: string, celery: CeleryArgs][] = [
  ["celery worker", "worker", { globals: [], subcommand: "worker", rest: [] }],
  [
    "celery worker -Q cakes,mail",
    "worker",
    { globals: [], subcommand: "worker", rest: ["-Q", "cakes,mail"] },
  ],
  ["celery beat", "beat", { globals: [], subcommand: "beat", rest: [] }],
  [
    "celery -A app worker -l info",
    "worker",
    { globals: ["-A", "app"], subcommand: "worker", rest: ["-l", "info"] },
  ],
  ["celery --app=app beat", "beat", { globals: ["--app=app"], subcommand: "beat", rest: [] }],
  ["celery -Aapp worker", "worker", { globals: ["-Aapp"], subcommand: "worker", rest: [] }],
  // `worker` is the application's name here, and its directory there.
  ["celery -A worker beat", "beat", { globals: ["-A", "worker"], subcommand: "beat", rest: [] }],
  [
    "celery --workdir worker inspect",
    "command",
    { globals: ["--workdir", "worker"], subcommand: "inspect", rest: [] },
  ],
  [
    "celery -q -b redis://r --result-backend rpc:// worker",
    "worker",
    { globals: ["-q", "-b", "redis://r", "--result-backend", "rpc://"], subcommand: "worker", rest: [] },
  ],
  ["celery inspect ping", "command", { globals: [], subcommand: "inspect", rest: ["ping"] }],
  ["celery inspect worker", "command", { globals: [], subcommand: "inspect", rest: ["worker"] }],
  ["celery", "command", { globals: [], subcommand: undefined, rest: [] }],
  ["celery --version", "command", { globals: ["--version"], subcommand: undefined, rest: [] }],
  ["celery -A", "command", { globals: ["-A"], subcommand: undefined, rest: [] }],
];

describe("the role that CMD asks for", () => {
  test.each(WEB)("%j is web", (cmd, args) => {
    expect(readCommand(cmd)).toEqual({ role: "web", args });
  });

  test("`release` is release", () => {
    expect(readCommand(["release"])).toEqual({ role: "release", args: [] });
  });

  test.each(COMMANDS.map((cmd) => [cmd]))("%j is a command of the user's own", (cmd) => {
    expect(readCommand(cmd)).toEqual({ role: "command", args: cmd });
  });

  test.each(CELERY)("`%s` is %s", (cmd, role, celery) => {
    const args = cmd.split(" ");
    expect(readCommand(args)).toEqual({ role, args, celery });
  });

  test("`celery flower` is a process that PID 1 keeps running", () => {
    const args = ["celery", "flower", "--port=5555"];
    const celery = { globals: [], subcommand: "flower", rest: ["--port=5555"] };
    expect(readCommand(args)).toEqual({ role: "process", name: "flower", args, celery });
  });

  test.each(["-A", "--app", "-b", "--broker", "--result-backend", "--loader", "--config", "--workdir"])(
    "`celery %s worker beat` is beat: that option takes a value",
    (option) => {
      expect(readCommand(["celery", option, "worker", "beat", "-s", "x"])).toMatchObject({
        role: "beat",
        celery: { globals: [option, "worker"], subcommand: "beat", rest: ["-s", "x"] },
      });
    },
  );

  test("no word of the CMD is lost, whatever it is", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.constantFrom("celery", "-A", "worker"))), (cmd) => {
        const { role, args, celery } = readCommand(cmd);
        if (celery !== undefined) {
          const { globals, subcommand, rest } = celery;
          expect(["celery", ...globals, ...(subcommand === undefined ? [] : [subcommand]), ...rest]).toEqual(
            cmd,
          );
        }
        expect(args).toEqual(role === "web" && cmd[0] === "gunicorn" ? cmd.slice(1) : cmd);
      }),
    );
  });
});

test.each([[[]], [["--queue-name", "mail"]]])("`tasks` with the options %j of its worker", (args) => {
  expect(readCommand(["tasks", ...args])).toEqual({ role: "tasks", args });
});
