import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { type ChildEnd, sayEnd, startChild, startFailure } from "../../../src/boot/child-end.ts";

const start = ([file = "", ...args]: string[], env: NodeJS.ProcessEnv = process.env) => ({ file, args, env });
const shell = (script: string) => startChild(start(["sh", "-c", script]), { stdio: "ignore" }).ended;

describe("the end of a real program, in words", () => {
  test.each<[string, () => Promise<ChildEnd>, string]>([
    ["a status", () => shell("exit 3"), "ended with status 3"],
    ["a signal", () => shell("kill -SEGV $$"), "was killed by SIGSEGV"],
    [
      "no such program",
      () => startChild(start(["/no/such/program"]), {}).ended,
      "could not be started: there is no such program, or the directory to start it in is missing (spawn /no/such/program ENOENT)",
    ],
    [
      "not a program",
      () => startChild(start(["/etc/passwd"]), {}).ended,
      "could not be started: it may not be executed (spawn /etc/passwd EACCES)",
    ],
    [
      "too large an environment",
      () => startChild(start(["true"], { BIG: "x".repeat(3_000_000) }), {}).ended,
      "could not be started: its environment is too large (spawn E2BIG)",
    ],
  ])("%s", async (_, end, words) => {
    expect(sayEnd(await end())).toBe(words);
  });
});

test("a program that has run is none that could not be started, whatever its status", async () => {
  expect(startFailure("nginx", await shell("exit 127"), ["nginx: not today"])).toBeUndefined();
});

test("the launcher's own failure is the program's: it never ran", () => {
  const end = { status: 127, signal: null };
  const said = "djinit: cannot run python: No such file or directory";
  expect(startFailure("python", end, [said])?.message).toBe("cannot start python: No such file or directory");
});

test("setpriv's own failure is the program's: it never ran", async () => {
  const { child, ended } = startChild(start(["setpriv", "--no-new-privs", "--", "no-such-program"]), {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const said = await text(child?.stderr as NonNullable<typeof child>["stderr"] & object);
  const error = startFailure("python", await ended, said.trim().split("\n"));
  expect(error?.message).toMatch(/^cannot start python: failed to execute no-such-program: No such file/);
});
