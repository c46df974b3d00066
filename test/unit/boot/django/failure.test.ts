import { expect, test } from "vitest";
import { DjinitError } from "../../../../src/base/errors.ts";
import { settingsFailure, withPlace } from "../../../../src/boot/django/failure.ts";

const failing = (type: string, message: string) =>
  settingsFailure({ event: "settings-failed", error: { type, message, stack: "" } }).message;

test("the settings' error is named in one line, with what it is about", () => {
  expect(failing("django.core.exceptions.ImproperlyConfigured", "Set the SECRET_KEY variable")).toBe(
    "cannot load the Django settings: ImproperlyConfigured: Set the SECRET_KEY variable",
  );
  // The first line alone says nothing.
  expect(
    failing("pydantic_core.ValidationError", "1 validation error for Settings\nsecret_key\n  Field required"),
  ).toBe(
    "cannot load the Django settings: ValidationError: 1 validation error for Settings secret_key Field required",
  );
  expect(failing("ValueError", "x".repeat(5_000)).length).toBeLessThan(400);
});

const PLACE = { user: "4242", appDirectory: "/code", settingsModule: "shop.settings", path: undefined };
const failed = (message: string, error?: { type: string; message: string }) =>
  new DjinitError("DJINIT_SETTINGS_FAILED", message, { fields: { step: "migrate", error } });

test.each([
  [failed("cannot load the Django settings: PermissionError: [Errno 13] x", undefined)],
  [
    failed("cannot load: ValueError: Unable to configure handler", {
      type: "ValueError",
      message: "[Errno 13] Permission denied: 'x'",
    }),
  ],
  [failed("cannot finish step migrate: x", { type: "builtins.PermissionError", message: "x" })],
])("what a file that is closed has caused says whom to: %s", (error) => {
  const told = withPlace(error, { ...PLACE, user: "django" });
  expect(told.message).toBe(`${error.message} (as user django)`);
  expect(told).toMatchObject({ code: "DJINIT_SETTINGS_FAILED", fields: { step: "migrate", user: "django" } });
});

test.each([
  ["'shop'", true],
  ["'shop.settings'", true],
  ["'shopping'", false],
  ["'rest_framework'", false],
])("no module named %s: says where it was looked for: %s", (name, says) => {
  const text = `cannot load the Django settings: ModuleNotFoundError: No module named ${name}`;
  const where = " (looked for in /code, the application's directory, and in what is installed)";
  expect(withPlace(failed(text), PLACE).message).toBe(says ? text + where : text);
});

test("a database's own permissions are no matter of the user", () => {
  const text = "cannot look for migrations: permission denied for table django_migrations";
  expect(withPlace(failed(text), PLACE).message).toBe(text);
});

test("another one has it as a field alone", () => {
  const told = withPlace(failed("cannot load the Django settings: KeyError: 'SECRET_KEY'"), PLACE);
  expect(told.message).toBe("cannot load the Django settings: KeyError: 'SECRET_KEY'");
  expect(told.fields["user"]).toBe("4242");
});
