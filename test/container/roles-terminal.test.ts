import { expect, test } from "vitest";
import { runContext } from "../support/run-context.ts";
import { Terminal } from "./terminal.ts";

const CTRL_C = "\x03";
const CTRL_D = "\x04";

test("django-admin shell is usable: it answers, survives Ctrl-C and ends with Ctrl-D", async () => {
  await using terminal = new Terminal({
    image: runContext().images.example,
    env: { SECRET_KEY: "for-a-test" },
    command: ["django-admin", "shell"],
  });
  await terminal.shows(">>> ");
  terminal.type("print(6 * 7000)\r");
  await terminal.shows("42000");
  terminal.type(CTRL_C);
  await terminal.shows("KeyboardInterrupt");
  terminal.type("import os; print('tty', os.isatty(0), os.open('/dev/tty', os.O_RDWR) > 2)\r");
  await terminal.shows("tty True True");
  terminal.type(CTRL_D);
  expect(await terminal.container.wait()).toBe(0);
});

test("Ctrl-C reaches the command, which decides what it means; the container goes on", async () => {
  await using terminal = new Terminal({
    image: runContext().images.djinit,
    command: [
      "bash",
      "-c",
      'trap "echo caught" INT; echo up; for i in 1 2; do read -r x; done; echo "end $x"; exit 9',
    ],
  });
  await terminal.shows("up");
  terminal.type(CTRL_C);
  await terminal.shows("caught");
  expect((await terminal.container.inspect()).State.Running).toBe(true);
  terminal.type("one\rtwo\r");
  await terminal.shows("end two");
  expect(await terminal.container.wait()).toBe(9);
});

test("a shell has job control: Ctrl-Z stops a job, fg goes on with it", async () => {
  await using terminal = new Terminal({
    image: runContext().images.djinit,
    command: ["bash", "--norc", "-i"],
  });
  await terminal.shows("$ ");
  // What is typed while the shell still has the terminal would stay in its line editor.
  terminal.type("sh -c 'echo run$((1 + 1)); exec cat'\n");
  await terminal.shows("run2");
  terminal.type("first line\n");
  await terminal.shows(/first line\s+first line/);
  terminal.type("\x1a");
  await terminal.shows("Stopped");
  terminal.type("echo fg$((1 + 1)); fg\n");
  await terminal.shows("fg2");
  terminal.type("second line\n");
  await terminal.shows(/second line\s+second line/);
  terminal.type(CTRL_C);
  await terminal.shows(/\^C[^$]*\$ /);
  terminal.type("exit 3\n");
  expect(await terminal.container.wait()).toBe(3);
});

test("the terminal may be opened by its name", async () => {
  await using terminal = new Terminal({
    image: runContext().images.djinit,
    command: ["sh", "-c", 'echo "on $(tty)"; echo by name > "$(tty)"; echo again > /dev/stdout; exit 4'],
  });
  await terminal.shows("by name");
  await terminal.shows("again");
  expect(await terminal.container.wait()).toBe(4);
});

test("TERM from outside stops a command on a terminal", async () => {
  await using terminal = new Terminal({ image: runContext().images.djinit, command: ["sleep", "60"] });
  await terminal.shows("command started");
  expect(await terminal.container.stop()).toBe(0);
});

test("on a terminal djinit's own records are for people, unless JSON is asked for", async () => {
  const { djinit: image } = runContext().images;
  await using pretty = new Terminal({ image, command: ["nowhere"] });
  await pretty.shows(/ERROR\u001b\[0m djinit +cannot .*nowhere/);
  await using json = new Terminal({ image, command: ["nowhere"], env: { DJINIT_LOG_FORMAT: "json" } });
  await json.shows('"code":"DJINIT_UNKNOWN_COMMAND"');
});
