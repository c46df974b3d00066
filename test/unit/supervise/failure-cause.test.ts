import { describe, expect, test } from "vitest";
import { findCause, lastException, saysItCannotLoad } from "../../../src/supervise/failure-cause.ts";

describe("last words that say that an application cannot be loaded", () => {
  test.each([
    [["Traceback (most recent call last):", "ModuleNotFoundError: No module named 'cakes'"]],
    [["celery: Unrecoverable error", "  x = 1", "ImportError: cannot import name 'x' from 'y'"]],
    [["django.core.exceptions.ImproperlyConfigured: The SECRET_KEY setting must not be empty."]],
    [["SyntaxError: invalid syntax"]],
    [
      [
        "    class PrefixedStrictRedis(redis.Redis):",
        "AttributeError: 'NoneType' object has no attribute 'Redis'",
      ],
    ],
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

test.each([
  [
    ["Error: Invalid value for '-A' / '--app': ", "Unable to load celery application."],
    "Invalid value for '-A' / '--app':  Unable to load celery application.",
  ],
  [["an older one", "Error: the first", "Error: ", "No such command."], "No such command."],
  [["KeyError: 'a'", "shop.Error: of the project", "bye"], "shop.Error: of the project"],
  [["Failed to find attribute 'app' in 'shop'.", "bye"], "Failed to find attribute 'app' in 'shop'."],
  [
    ["usage: gunicorn [OPTIONS]", "gunicorn: error: unrecognized arguments: --cakes"],
    "gunicorn: error: unrecognized arguments: --cakes",
  ],
  [
    ["AttributeError: 'NoneType' object has no attribute 'Redis'"],
    "AttributeError: 'NoneType' object has no attribute 'Redis' (the package redis is not installed: add celery[redis] to the application's requirements)",
  ],
  [["it said: Error: no", "it Failed to bake", "see gunicorn: error: none"], undefined],
])("the cause in %j", (lines, cause) => {
  expect(findCause(lines)).toBe(cause);
});

test("what was said before the last usage error does not count", () => {
  expect(saysItCannotLoad(["Unable to load celery application.", "Error: No such option"])).toBe(false);
});

describe("last words that may be others at the next try", () => {
  test.each([
    [[]],
    [["AttributeError: 'NoneType' object has no attribute 'flour'"]],
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

describe("the exception that ended a chain", () => {
  test.each([
    [
      ["KeyError: 'x'", "During handling of the above exception", "kombu.exceptions.NotBoundYet: no"],
      "kombu.exceptions.NotBoundYet: no",
    ],
    [
      ["KeyError: 'x'", "    x = = 1", "        ^", "SyntaxError: invalid syntax"],
      "SyntaxError: invalid syntax",
    ],
    [["django.request: Bad Request: /", "worker: Warm shutdown"], undefined],
  ])("%j", (lines, exception) => {
    expect(lastException(lines)).toBe(exception);
  });
});
