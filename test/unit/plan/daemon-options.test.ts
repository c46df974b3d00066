import { describe, expect, test } from "vitest";
import { findDaemonProblems } from "../../../src/plan/daemon-options.ts";
import { readCommand } from "../../../src/plan/role.ts";
import { configOf } from "../../support/planned.ts";

const problems = (cmd: string, variables: Record<string, string> = {}) =>
  findDaemonProblems(readCommand(cmd === "" ? [] : cmd.split(" ")), configOf(variables));

describe("words that put a server into the background are refused", () => {
  test.each([
    ["celery worker -D", "-D"],
    ["celery -A cakes worker -l INFO -D", "-D"],
    ["celery worker --detach", "--detach"],
    ["celery worker -EBD", "-EBD"],
    ["celery worker -Dl INFO", "-Dl"],
    ["celery worker --without-gossip -D", "-D"],
    ["celery worker --pool=solo -D", "-D"],
    ["celery beat --detach", "--detach"],
    ["celery multi start w1 -A cakes", "celery multi"],
    ["gunicorn a.b:c --daemon", "--daemon"],
    ["gunicorn -D a.b:c", "-D"],
    ["gunicorn a.b:c -RD", "-RD"],
    // gunicorn takes the beginning of a long option.
    ["a.b:c --dae", "--dae"],
  ])("%s", (cmd, value) => {
    expect(problems(cmd)).toMatchObject([{ variable: "CMD", value }]);
  });

  test.each(["--daemon", "-w 2 -D", "--name 'my app' -D"])("GUNICORN_CMD_ARGS=%s", (text) => {
    const [problem] = problems("a.b:c", { GUNICORN_CMD_ARGS: text });
    expect(problem).toMatchObject({ variable: "GUNICORN_CMD_ARGS" });
    expect(problem?.problem).toContain("into the background: remove it");
  });
});

test.each([
  "celery worker",
  // The value of another option.
  "celery worker -n -D",
  "celery worker --hostname -D",
  "celery worker -lD",
  "celery worker -QD",
  "celery worker -El DEBUG",
  "celery multi show w1",
  "celery inspect ping",
  "gunicorn a.b:c --dogstatsd-tags x",
  "gunicorn a.b:c -w 2",
  "python -D",
  "",
])("`%s` is not", (cmd) => {
  expect(problems(cmd, { GUNICORN_CMD_ARGS: "--access-logformat 'a -D b'" })).toEqual([]);
});
