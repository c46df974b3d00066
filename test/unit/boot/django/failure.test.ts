import { expect, test } from "vitest";
import { settingsFailure } from "../../../../src/boot/django/failure.ts";

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
