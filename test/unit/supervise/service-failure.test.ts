import { mkdirSync } from "node:fs";
import { expect, test } from "vitest";
import type { Service } from "../../../src/supervise/service.ts";
import { failureOf } from "../../../src/supervise/service-failure.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const LINES = ["KeyError: 'flour'", "    bake()", "shop.errors.NoFlour: none is left"];

/** As much of a service as its failure is made of. */
function textOf(status: number, failedStarts = 0): string {
  const service = {
    name: "gunicorn",
    restarts: 5,
    lastLines: LINES,
    state: { failedStarts },
  } as unknown as Service;
  return failureOf(service, { fatal: false, status, maxRestarts: 5 }).message;
}

test("a service that is given up is named with the last exception of its last lines", () => {
  expect(textOf(1)).toBe(
    "cannot keep gunicorn running: it ended with status 1 after 5 restarts; its last exception is shop.errors.NoFlour: none is left",
  );
  expect(textOf(1, 6)).toMatch(/^cannot start gunicorn: .*; its last exception is shop\.errors\.NoFlour/);
});

test("which is not blamed for the end of one that was killed, or that ended by itself", () => {
  for (const status of [137, 143, 0]) expect(textOf(status)).not.toContain("NoFlour");
});

test("of a module that is missing, it says which environment may have it", () => {
  const app = temporaryDirectory();
  mkdirSync(`${app.path}/.venv/bin`, { recursive: true });
  app.write(".venv/pyvenv.cfg", "");
  app.write(".venv/bin/python", "");
  const service = {
    plan: { argv: ["cat"], cwd: app.path },
    environment: { PATH: "/bin" },
    name: "gunicorn",
    lastLines: ["ModuleNotFoundError: No module named 'django'"],
    state: {},
  } as unknown as Service;
  expect(failureOf(service, { fatal: true, status: 3, maxRestarts: 5 }).message).toBe(
    `cannot load the application of gunicorn: ModuleNotFoundError: No module named 'django'; the virtual environment ${app.path}/.venv is not on PATH: ENV PATH=${app.path}/.venv/bin:$PATH`,
  );
});
