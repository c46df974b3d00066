// Tracebacks that come in parts: slowly, line by line, or between lines of other processes.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { EntryGrouper } from "../../../../src/logs/parse/entries.ts";
import { parseEntry } from "../../../../src/logs/parse/entry.ts";
import type { Entry } from "../../../../src/logs/parse/open-traceback.ts";
import { HoldTimer } from "../../../../src/logs/read/hold-timer.ts";
import { LastLines } from "../../../../src/logs/write/last-lines.ts";
import * as python from "../../../support/python-output.ts";
import { streamed } from "../../../support/streamed.ts";
import { VirtualClock } from "../../../support/virtual-clock.ts";

const FORMATS = join(import.meta.dirname, "../../../fixtures/corpus/formats");
const OTHERS = "[2026-11-24 02:30:58 +0000] [9] [INFO] of another process";
const HEAD = "[2026-11-24 02:30:58 +0000] [7] [ERROR] Error handling request /";

function grouped(lines: readonly string[]): Entry[] {
  const entries: Entry[] = [];
  const grouper = new EntryGrouper((entry) => entries.push(entry));
  for (const line of lines) grouper.push(line);
  grouper.flush();
  return entries;
}

/** The records of some text that comes in two reads, cut at `at`. */
function inTwoGoes(text: string, at: number): Record<string, unknown>[] {
  const bytes = Buffer.from(text);
  return streamed([bytes.subarray(0, at), bytes.subarray(at)], { service: "gunicorn", pid: 1 }).records;
}

describe.each(Object.entries(python.ALL))("the traceback %s", (_, traceback) => {
  const lines = traceback.split("\n");
  const whole = `${HEAD}\n${traceback}\n`;

  test("is one record wherever a read ends within its line or the next ones", () => {
    const records = inTwoGoes(whole, 0);
    expect(records).toHaveLength(1);
    for (let at = 1; at < whole.length; at += 1) {
      // Python's logging writes the head and the traceback in one go; a line that has come whole is passed on at once.
      if (at === HEAD.length + 1) continue;
      expect(inTwoGoes(whole, at)).toEqual(records);
    }
  });

  test("stays whole with another process's line anywhere before its exception", () => {
    const end = lines.findIndex((line) => /^\w/.test(line) && !line.startsWith("Traceback"));
    for (let at = 1; at < end; at += 1) {
      const entries = grouped([HEAD, ...lines.slice(0, at), OTHERS, ...lines.slice(at)]);
      expect(entries).toEqual([
        { head: OTHERS, traceback: [] },
        { head: HEAD, traceback: lines },
      ]);
    }
  });
});

test("two processes' tracebacks, one within the other, come apart", () => {
  const lines = python.SIMPLE.split("\n");
  const others = python.POSTGRES.split("\n");
  for (let at = 1; at < lines.length - 1; at += 1)
    expect(grouped([HEAD, ...lines.slice(0, at), OTHERS, ...others, ...lines.slice(at)])).toEqual([
      { head: OTHERS, traceback: others },
      { head: HEAD, traceback: lines },
    ]);
});

test("a line of another process in the middle of a frame's line is taken out", () => {
  const lines = python.SIMPLE.split("\n");
  const frame = lines[1] as string;
  const celery = "[2026-11-24 02:30:58,123: INFO/ForkPoolWorker-2] of another process";
  for (const intruder of [OTHERS, celery])
    for (let at = 1; at < frame.length; at += 1) {
      const torn = [lines[0] as string, frame.slice(0, at) + intruder, frame.slice(at), ...lines.slice(2)];
      expect(grouped([HEAD, ...torn])).toEqual([
        { head: intruder, traceback: [] },
        { head: HEAD, traceback: lines },
      ]);
    }
});

test("a traceback that is a logger's message is no part of the message", () => {
  const [record] = inTwoGoes(`2026-11-24 02:30:58,123 ERROR shop ${python.SIMPLE}\n`, 0);
  expect(record).toMatchObject({ level: "error", error: { type: "ValueError", message: "no flour" } });
});

describe("how long the rest is waited for", () => {
  const held = (lines: readonly string[]): number => {
    const grouper = new EntryGrouper(() => {});
    for (const line of lines) grouper.push(line);
    return grouper.endOfChunk();
  };

  test("the exception longer than another one of a chain, that one longer than 100 ms, a line not at all", () => {
    const lines = python.CHAINED.split("\n");
    expect(held(lines.slice(0, 3))).toBe(2_000);
    expect(held(lines.slice(0, 7))).toBe(2_000);
    expect(held(lines)).toBe(250);
    expect(held([HEAD])).toBe(0);
    expect(held(["Exception in thread Thread-1 (run):"])).toBeGreaterThan(0);
  });

  test("other lines do not make it longer, and however slowly it comes, it ends after 10 s", () => {
    const clock = new VirtualClock();
    let flushed = 0;
    const timer = new HoldTimer(clock, () => {
      flushed += 1;
    });
    for (let passed = 0; passed < 2_000; passed += 500) {
      timer.set(2_000, 1);
      clock.advance(500);
    }
    expect(flushed).toBe(1);
    for (let passed = 0; passed < 10_000; passed += 1_000) {
      expect(flushed).toBe(1);
      timer.set(2_000, passed);
      clock.advance(1_000);
    }
    expect(flushed).toBe(2);
    timer.set(2_000, 1);
    timer.set(0, 1);
    clock.advance(3_000);
    expect(flushed).toBe(2);
  });
});

describe("celery", () => {
  const recordsOf = (name: string) =>
    streamed([readFileSync(join(FORMATS, `${name}.txt`))], { service: "celery-worker", pid: 1 }).records;

  test("what a task prints to stderr, of which celery makes a line each, is put together again", () => {
    const records = recordsOf("celery-stderr");
    const errors = records.flatMap(({ error, process }) => (error === undefined ? [] : [{ error, process }]));
    expect(errors).toMatchObject([
      { process: "ForkPoolWorker-1", error: { type: "KeyError", message: "'flour'" } },
      { process: "ForkPoolWorker-1", error: { type: "RuntimeError", message: "the cake fell" } },
      { process: "ForkPoolWorker-1", error: { type: "ZeroDivisionError", message: "division by zero" } },
    ]);
    expect((errors[1] as unknown as { error: { stack: string } }).error.stack).toContain(
      "KeyError: 'flour'\n\nThe above exception",
    );
    expect(records.filter(({ msg }) => msg === "printed by a task")).toHaveLength(1);
    expect(records.filter(({ msg }) => /^\s|^self\.run/.test(msg as string))).toHaveLength(1);
  });

  test("two processes' pieces come apart", () => {
    const piece = (process: number, text: string) =>
      `[2026-11-24 02:30:5${process},123: WARNING/ForkPoolWorker-${process}] ${text}`;
    const lines = python.SIMPLE.split("\n");
    const entries = grouped(lines.flatMap((line) => [piece(1, line), piece(2, line)]));
    expect(entries.map((entry) => parseEntry(entry))).toMatchObject([
      { process: "ForkPoolWorker-1", msg: "ValueError: no flour", error: { stack: python.SIMPLE } },
      { process: "ForkPoolWorker-2", msg: "ValueError: no flour", error: { stack: python.SIMPLE } },
    ]);
  });

  test("a line of the same process between the pieces does not end them", () => {
    const piece = (text: string) => `[2026-11-24 02:30:51,123: WARNING/ForkPoolWorker-1] ${text}`;
    const lines = python.SIMPLE.split("\n");
    const entries = grouped([...lines.slice(0, 3), "no cake yet", ...lines.slice(3)].map(piece));
    const messages = entries.map((entry) => parseEntry(entry));
    expect(messages.map(({ msg }) => msg).toSorted()).toEqual(["ValueError: no flour", "no cake yet"]);
    expect(messages).toContainEqual(
      expect.objectContaining({ error: expect.objectContaining({ stack: python.SIMPLE }) }),
    );
  });

  test("the reason of a command's error ends with an empty line, or where a record begins", () => {
    const error = "Error: Invalid value for '--app':\nUnable to load celery application.";
    for (const next of ["", "[2026-11-24 02:30:51,123: INFO/MainProcess] next", '{"msg":"next"}']) {
      const [first] = grouped(`${error}\n${next}\nmore`.split("\n"));
      expect(first?.head).toBe(error);
    }
  });

  test("its banner is one record, and beat's", () => {
    const banners = recordsOf("celery-stderr").filter(({ msg }) => /-{10}|\[tasks\]/.test(msg as string));
    expect(banners).toHaveLength(1);
    expect(banners[0]).toMatchObject({
      level: "info",
      msg: expect.stringMatching(/celery@host[\s\S]*burner\.burn$/),
    });
    const beat = readFileSync(join(FORMATS, "../celery-beat.txt"));
    const [first, second] = streamed([beat], { service: "celery-beat" }).records;
    expect(first?.["msg"]).toMatch(/^celery beat v[\s\S]*maxinterval/);
    expect(second?.["msg"]).toBe("beat: Starting...");
  });

  test("what `celery report` prints is one record, and so is each time that the broker is away", () => {
    const text = readFileSync(join(FORMATS, "../celery-report.txt"), "utf8");
    for (const chunks of [[text], text.split(/(?<=\n)/)]) {
      const { records } = streamed(
        chunks.map((chunk) => Buffer.from(chunk)),
        { service: "command" },
      );
      expect(records).toHaveLength(1);
      expect(records[0]?.["msg"]).toMatch(/^software -> celery:[\s\S]*deprecated_settings: None$/);
    }
    const away =
      "[2026-11-26 04:53:14,556: ERROR/MainProcess] consumer: Cannot connect to redis://h:1//: Error 111 connecting.";
    const { records } = streamed(
      [Buffer.from(`${away}\nTrying again in 2.00 seconds... (1/100)\n\nanother\n`)],
      {
        service: "celery-worker",
      },
    );
    expect(records.map(({ level, msg }) => [level, msg])).toEqual([
      ["error", expect.stringMatching(/^consumer: Cannot connect.*\nTrying again in 2\.00 seconds/)],
      ["info", "another"],
    ]);
  });

  test("that it cannot load the application is an error, with the reason", () => {
    const records = recordsOf("celery-no-application");
    const msg = "Error: \nUnable to load celery application.\nThe module nowhere was not found.";
    expect(records.at(-1)).toMatchObject({ level: "error", msg });
    const last = new LastLines();
    for (const { msg: said, level } of records as { msg: string; level: "error" }[])
      last.add({ msg: said, level });
    expect(last.lines.slice(-3)).toEqual(msg.split("\n"));
  });
});

test("what logging says of a call that it cannot format is one record", () => {
  const records = streamed([readFileSync(join(FORMATS, "logging-error.txt"))], {
    service: "gunicorn",
  }).records;
  expect(records).toHaveLength(1);
  expect(records[0]).toMatchObject({
    msg: "--- Logging error ---",
    error: { type: "TypeError", message: "%d format: a real number is required, not str" },
  });
});

test("an exception without words is named with the one before it", () => {
  const chained = `${python.SIMPLE}

During handling of the above exception, another exception occurred:

${python.WITHOUT_MESSAGE}`;
  expect(inTwoGoes(chained, 0)).toMatchObject([
    {
      msg: "KeyboardInterrupt, after ValueError: no flour",
      error: { type: "KeyboardInterrupt", message: "" },
    },
  ]);
});

test("a process's last lines name its exception, however long the message is", () => {
  const last = new LastLines();
  const message = "no flour\nin the\nwhole\nkitchen";
  for (const record of inTwoGoes(`${HEAD}\n${python.SIMPLE.replace("no flour", message)}\n`, 0))
    last.add(record as unknown as Parameters<LastLines["add"]>[0]);
  expect(last.lines).toContain("ValueError: no flour");
  last.add({
    level: "error",
    msg: "failed",
    error: { type: "shop.NoFlour", message, stack: `Traceback\nshop.NoFlour: ${message}` },
  });
  expect(last.lines.slice(-5)).toEqual(["failed", "shop.NoFlour: no flour", "in the", "whole", "kitchen"]);
});
