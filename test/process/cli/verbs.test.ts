// Each verb as a process of its own, with no djinit to ask.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { VERBS } from "../../../src/cli/verbs.ts";

const MAIN = fileURLToPath(new URL("../../../src/main.ts", import.meta.url));

async function run(...operands: string[]) {
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", MAIN, ...operands], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "exit") as Promise<[number]>,
  ]);
  return { status, stdout, stderr };
}

test("`help` has a line for each verb", async () => {
  const { status, stdout, stderr } = await run("help");
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  const lines = stdout.split("\n").map((line) => line.trim().split(/ {2,}/));
  for (const { usage, about } of VERBS) expect(lines).toContainEqual([`djinit ${usage}`, about]);
});

test.each(VERBS)("`$name --help` prints the help", async ({ name }) => {
  const { status, stdout } = await run(name, "--help");
  expect(status).toBe(0);
  expect(stdout).toMatch(/^djinit: PID 1 for Django containers\n\nAs the image's CMD:/);
});

test.each(VERBS)("$name ends with 2 and its usage where an option is wrong", async ({ name, usage }) => {
  const { status, stdout, stderr } = await run(name, "--no-such-option");
  expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
  expect(stderr).toMatch(/^djinit: cannot run `djinit .+ \[DJINIT_BAD_USAGE\]\n/);
  expect(stderr).toContain(`usage: djinit ${usage}`);
});

test.each(VERBS.filter(({ needs, operands }) => needs === "supervisor" && operands === undefined))(
  "$name says that nobody answers",
  async ({ name }) => {
    const { status, stderr } = await run(name);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^djinit: cannot ask djinit: .+ \[DJINIT_NOT_RUNNING\]\n/);
  },
);
