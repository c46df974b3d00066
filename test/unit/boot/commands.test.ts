import { chmodSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { requireCommands } from "../../../src/boot/commands.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const directory = temporaryDirectory();
for (const name of ["ddtrace-run", "poetry", "pipenv"])
  chmodSync(directory.write(name, "#!/bin/sh\n"), 0o755);

function missing(...argv: string[]): string | undefined {
  const plan = { services: [{ argv, cwd: directory.path }] };
  const procfile = { path: join(directory.path, "Procfile"), entries: [] };
  try {
    requireCommands(
      plan as unknown as Parameters<typeof requireCommands>[0],
      { PATH: directory.path },
      procfile as unknown as Parameters<typeof requireCommands>[2],
    );
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

test("what an agent becomes has to be there, and so has the agent", () => {
  expect(missing("ddtrace-run", "poetry")).toBeUndefined();
  expect(missing("ddtrace-run", "no-such")).toBe('cannot find command "no-such"');
  expect(missing("newrelic-admin", "run-program", "poetry")).toBe('cannot find command "newrelic-admin"');
});

test.each([
  [["poetry", "run", "bot"]],
  [["pipenv", "run", "web"]],
  [["poetry", "run", "ddtrace-run", "bot"]],
])("%j may be what is not on PATH", (argv) => {
  expect(missing(...argv)).toBeUndefined();
});

test("an agent alone says itself what it lacks", () => {
  expect(missing("ddtrace-run")).toBeUndefined();
  expect(missing("")).toBe('cannot find command ""');
});
