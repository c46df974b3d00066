import { describe, expect, test } from "vitest";
import { findCause, saysItCannotLoad } from "../../../src/supervise/failure-cause.ts";

describe("last words that say that an application cannot be loaded", () => {
  test.each([
    [["Traceback (most recent call last):", "ModuleNotFoundError: No module named 'cakes'"]],
    [["celery: Unrecoverable error", "  x = 1", "ImportError: cannot import name 'x' from 'y'"]],
    [["django.core.exceptions.ImproperlyConfigured: The SECRET_KEY setting must not be empty."]],
    [["SyntaxError: invalid syntax"]],
    [
      [
        "django.core.management.base.SystemCheckError: SystemCheckError: System check identified some issues:",
      ],
    ],
    [
      [
        "Usage: celery [OPTIONS] COMMAND",
        "Error: Invalid value for '-A' / '--app': ",
        "Unable to load celery application.",
      ],
    ],
    [["Error: ", "Unable to load celery application.", "The module nope was not found."]],
  ])("%j", (lines) => {
    expect(saysItCannotLoad(lines)).toBe(true);
    expect(findCause(lines)).toBeDefined();
  });
});

describe("last words that may be others at the next try", () => {
  test.each([
    [[]],
    [["celery beat v5.5 is starting.", "bye"]],
    // The last exception of a chain is the one that ended it.
    [
      [
        "ModuleNotFoundError: No module named 'ujson'",
        "django.db.utils.OperationalError: connection refused",
      ],
    ],
    [["kombu.exceptions.OperationalError: Error 111 connecting to redis:6379. Connection refused."]],
    [["MemoryError"]],
    [["a task said: ImportError is what it looks for"]],
    [["Error: the disk is full"]],
  ])("%j", (lines) => {
    expect(saysItCannotLoad(lines)).toBe(false);
  });
});
