// Formats that public projects use. test/fixtures/corpus/formats.py wrote them with Python's own logging, loguru and structlog.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { streamed } from "../../../support/streamed.ts";

const FORMATS = join(import.meta.dirname, "../../../fixtures/corpus/formats");
const FILES = readdirSync(FORMATS).map((name) => name.replace(/\.txt$/, ""));
/** They say other words. */
const OTHERS = ["celery-no-application", "celery-stderr", "logging-error"];
const NAMES = FILES.filter((name) => !OTHERS.includes(name));
/** Their second line of a message is in the same line of output. */
const ONE_LINE = /json|key-value|logfmt/;
/** The message cannot be told from the place before it, or from the pairs after it. */
const WITH_MORE: Record<string, string> = {
  "level-time-module": "formats ",
  heroku: "pathname=/corpus/formats.py lineno=",
  "no-spaces": "[gc:control] ",
  zone: "shop.views ",
};
/** These write a time with a zone. */
const ZONED = /^(zone|loguru-words|loguru-json|structlog-(?!console-local))/;

interface Said {
  level: string;
  msg: string;
  time: string;
  error?: { type: string; message: string; stack: string };
}

function recordsOf(name: string): Said[] {
  const service = name.startsWith("celery") ? "celery-worker" : "gunicorn";
  const bytes = readFileSync(join(FORMATS, `${name}.txt`));
  return streamed([bytes], { service, pid: 1 }).records as unknown as Said[];
}

test("there are enough of them", () => {
  expect(NAMES.length).toBeGreaterThanOrEqual(40);
});

describe.each(NAMES)("%s", (name) => {
  const records = recordsOf(name);
  const [first, second, third, fourth, fifth, plain, bracket, word, two] = records;
  const more = WITH_MORE[name] ?? "";

  test("the level is the line's own, whatever its message says", () => {
    const levels = [first, second, third, fourth, fifth, plain, bracket, word, two].map((it) => it?.level);
    expect(levels).toEqual(["debug", "info", "warn", "error", "fatal", "info", "warn", "info", "error"]);
  });

  test("the message is what was said", () => {
    const said = [first, second, third, fourth, fifth, plain, bracket, word].map((it) => it?.msg ?? "");
    const words = [
      ...[10, 20, 30, 40, 50].map((level) => `said at level ${level}`),
      "no ERROR here, and CRITICAL is a word",
      "[ERROR] in brackets [shop.cart:12] is said",
      "ERROR: first word",
    ];
    said.forEach((msg, at) => {
      expect(msg.startsWith(more)).toBe(true);
      expect(msg.slice(-(words[at] as string).length)).toBe(words[at]);
      if (more === "") expect(msg).toBe(words[at]);
    });
    expect(two?.msg).toContain("two lines:");
  });

  test("a traceback is one record with the line that announces it", () => {
    const caught = records.at(-1);
    expect(caught).toMatchObject({
      level: "error",
      error: { type: "RuntimeError", message: "the cake fell" },
    });
    expect(caught?.msg.slice(-"caught".length)).toBe("caught");
    expect(caught?.error?.stack).toMatch(/KeyError: '?'flour/);
    expect(records).toHaveLength(ONE_LINE.test(name) ? 10 : 11);
  });

  test("a time is the line's only if it has a zone", () => {
    const times = records.map(({ time }) => time.slice(0, 10));
    if (ZONED.test(name)) expect(times[0]).toBe("2026-11-26");
    else expect(new Set(times)).toEqual(new Set(["1970-01-01"]));
  });
});
