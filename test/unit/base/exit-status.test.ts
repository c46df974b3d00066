import { expect, test } from "vitest";
import { asDjinitError, DjinitError, ERROR_CODES } from "../../../src/base/errors.ts";
import { EXIT_STATUS, exitStatusOf, exitStatusOfWait } from "../../../src/base/exit-status.ts";

test("an exit status is the process's own, or 128+n for signal n", () => {
  expect(exitStatusOf(0, null)).toBe(0);
  expect(exitStatusOf(3, null)).toBe(3);
  expect(exitStatusOf(null, "SIGHUP")).toBe(129);
  expect(exitStatusOf(null, "SIGKILL")).toBe(137);
  expect(exitStatusOf(null, "SIGSEGV")).toBe(139);
  expect(exitStatusOf(null, "SIGTERM")).toBe(143);
  expect(exitStatusOf(null, null)).toBe(70);
});

test.each([
  [0x0000, 0],
  [0x0300, 3],
  [0xff00, 255],
  [0x0009, 137],
  [0x000f, 143],
  // With a core dump.
  [0x008b, 139],
])("the status %i of waitpid(2) is %i", (status, expected) => {
  expect(exitStatusOfWait(status)).toBe(expected);
});

test("the container's exit statuses are the promised ones, and distinct", () => {
  expect(EXIT_STATUS).toEqual({
    ok: 0,
    databaseUnavailable: 69,
    internalError: 70,
    systemFailed: 71,
    badConfiguration: 78,
    migrationFailed: 80,
    superuserFailed: 81,
    collectstaticFailed: 82,
    schemaBehind: 83,
    hookFailed: 84,
    releaseFailed: 85,
    gracePeriodExceeded: 137,
  });
  expect(new Set(Object.values(EXIT_STATUS)).size).toBe(Object.keys(EXIT_STATUS).length);
});

test("an error carries its code's exit status and hint, its cause and its fields", () => {
  const cause = new Error("why");
  const error = new DjinitError("DJINIT_MIGRATION_FAILED", "cannot apply", {
    cause,
    fields: { step: "migrate" },
  });
  expect(error).toMatchObject({ exitStatus: 80, hint: ERROR_CODES.DJINIT_MIGRATION_FAILED.hint, cause });
  expect(error.fields).toEqual({ step: "migrate" });
  expect(asDjinitError(error)).toBe(error);
  expect("cause" in new DjinitError("DJINIT_INTERNAL", "cannot go on")).toBe(false);
});

test("what nobody foresaw becomes DJINIT_INTERNAL with its stack, whatever was thrown", () => {
  const error = asDjinitError(new TypeError("x is not a function"));
  expect(error).toMatchObject({
    code: "DJINIT_INTERNAL",
    exitStatus: 70,
    message: "cannot go on: x is not a function",
  });
  expect(error.fields["stack"]).toContain("TypeError");
  for (const thrown of ["text", undefined, null, 5, {}])
    expect(asDjinitError(thrown).code).toBe("DJINIT_INTERNAL");
});

test("an error that lets the process go on has no status, and is none of success where the process ends all the same", () => {
  const error = new DjinitError("DJINIT_RELOAD_REFUSED", "cannot reload app");
  expect(error.exitStatus).toBeNull();
  expect(error.endStatus).toBe(EXIT_STATUS.internalError);
});
