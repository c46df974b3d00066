import { openSync } from "node:fs";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { sayEnd } from "../../../src/boot/child-end.ts";
import { startInterpreter } from "../../../src/boot/django/interpreter.ts";

const NOWHERE = openSync("/dev/null", "w");

describe.each([
  ["by execa", false],
  ["by Node alone", true],
])("%s", (_way, isShort) => {
  const start = ([file = "", ...args]: string[], env: NodeJS.ProcessEnv = { PATH: process.env["PATH"] }) =>
    startInterpreter({ file, args, env }, { cwd: "/", stdoutFd: NOWHERE, stderrFd: NOWHERE, isShort });
  const shell = (script: string, env?: NodeJS.ProcessEnv) => start(["sh", "-c", script], env);

  describe("the end of the interpreter, in words", () => {
    test.each([
      ["a status", ["sh", "-c", "exit 3"], {}, "ended with status 3"],
      ["a signal", ["sh", "-c", "kill -SEGV $$"], {}, "was killed by SIGSEGV"],
      [
        "no such program",
        ["/no/such/program"],
        {},
        "could not be started: there is no such program, or the directory to start it in is missing (spawn /no/such/program ENOENT)",
      ],
      [
        "not a program",
        ["/etc/passwd"],
        {},
        "could not be started: it may not be executed (spawn /etc/passwd EACCES)",
      ],
      [
        "too large an environment",
        ["true"],
        { BIG: "x".repeat(3_000_000) },
        "could not be started: its environment is too large (spawn E2BIG)",
      ],
    ])("%s", async (_, words, more, said) => {
      const { ended, socket } = await start(words, { PATH: process.env["PATH"], ...more });
      expect(sayEnd(await ended)).toBe(said);
      socket.destroy();
    });
  });

  test("its descriptor 3 goes both ways, and it has its own environment alone", async () => {
    const { ended, socket } = await shell("read word <&3; echo $word >&3; env | cut -d= -f1 >&3", {
      PATH: process.env["PATH"],
      CAKE: "plum",
      NOT_SET: undefined,
    });
    socket.write("hello\n");
    const said = (await text(socket)).trim().split("\n");
    expect(said[0]).toBe("hello");
    expect(said.slice(1)).toEqual(expect.arrayContaining(["PATH", "CAKE"]));
    expect(said).not.toContain("NOT_SET");
    expect(said).not.toContain("HOME");
    expect(await ended).toEqual({ status: 0, signal: null });
  });

  test("its end is seen though a process in the background holds the socket", async () => {
    const { ended, socket } = await shell("sleep 1000 & echo $! >&3");
    const background = new Promise<string>((resolve) =>
      socket.once("data", (bytes) => resolve(String(bytes))),
    );
    expect(await ended).toEqual({ status: 0, signal: null });
    process.kill(Number(await background));
    socket.destroy();
  });
});
