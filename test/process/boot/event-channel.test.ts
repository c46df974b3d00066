import { spawn } from "node:child_process";
import type { Duplex } from "node:stream";
import { describe, expect, test } from "vitest";
import { EventSplitter, readEvents } from "../../../src/boot/django/event-channel.ts";
import type { SetupEvent } from "../../../src/boot/django/event-schemas.ts";

const line = (event: object) => `\u001e${JSON.stringify(event)}\n`;
const WAITING = { event: "waiting", cause: "Ofen kalt: 🍰", database: "postgres" };

/** The events of a text that comes in pieces of this size. */
function eventsOf(text: string, size: number, mostBytes?: number): SetupEvent[] {
  const events: SetupEvent[] = [];
  const splitter = new EventSplitter(mostBytes);
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size)
    splitter.push(bytes.subarray(at, at + size), (it) => events.push(it));
  return events;
}

describe("events", () => {
  test.each([1, 2, 7, 1_000])("come whole, whatever pieces of %i bytes they come in", (size) => {
    const text = line(WAITING) + line({ event: "finished" });
    expect(eventsOf(text, size)).toEqual([WAITING, { event: "finished" }]);
  });

  test("one that was cut short is left out, the next one counts", () => {
    expect(eventsOf(`\u001e{"event":"wai${line(WAITING)}`, 1_000)).toEqual([WAITING]);
  });

  test("of 20,000 migrations, in one piece of news", () => {
    const known = Array.from({ length: 20_000 }, (_, at) => ({
      app: "bakery",
      name: `${at}`.padStart(5, "0").padEnd(60, "x"),
      replaces: [],
      dependencies: [["bakery", "0".repeat(60)]],
    }));
    const [told] = eventsOf(
      line({ event: "migrations", database: "default", known, recorded: [], contradiction: null }),
      64 * 1024,
    );
    expect(told).toMatchObject({ known });
  });

  test.each([
    ["no JSON", "\u001ebread\n", /Unexpected token/],
    ["null", "\u001enull\n", /Expected Object/],
    ["a kind that there is not", line({ event: "burnt" }), /Expected/],
    ["a step that there is not", line({ event: "step-started", step: "bake" }), /step: .*"bake"/],
    ["a field that is missing", line({ event: "migrations-pending" }), /count/],
    ["facts that are none", line({ event: "manifest", facts: {} }), /facts\.inputs/],
  ])("refused: %s", (_, text, why) => {
    expect(() => eventsOf(text, 1_000)).toThrow(
      /^cannot understand what the Django half of the boot reports/,
    );
    expect(() => eventsOf(text, 1_000)).toThrow(why);
  });

  test("one without an end is refused before it has taken all memory", () => {
    const endless = "x".repeat(3 * 2 ** 20);
    expect(() => eventsOf(endless, 1_000, 2 * 2 ** 20)).toThrow(/longer than 2 MiB/);
    // Many that have an end may be longer together.
    expect(eventsOf(line(WAITING).repeat(100_000), 64 * 1024, 2 ** 20)).toHaveLength(100_000);
  });
});

/** A program with a socket as its descriptor 3, to which `write` writes, and which `read` reads. */
function program(script: string): Duplex {
  const fs = `const { readSync, writeSync } = require("node:fs");
    const write = (text) => writeSync(3, text), read = () => readSync(3, Buffer.alloc(1));`;
  const child = spawn(process.execPath, ["--eval", fs + script], {
    stdio: ["ignore", "inherit", "inherit", "pipe"],
  });
  return child.stdio[3] as Duplex;
}

test("a real program's, which goes on only when what it has said is taken", async () => {
  const taken: string[] = [];
  const channel = readEvents(
    program(`write('\\x1e{"event":"step-started","step":"migrate"}\\n'); read();
      write('\\x1e{"event":"finished"}\\n');`),
    ({ event }) => {
      taken.push(event);
      if (event === "step-started") {
        taken.push("settled");
        channel.settle();
      }
    },
    (error) => taken.push(error.message),
  );
  await channel.ended;
  expect(taken).toEqual(["step-started", "settled", "finished"]);
  // It has gone.
  channel.settle();
});

test("after what cannot be understood nothing more is taken", async () => {
  const taken: string[] = [];
  const { ended } = readEvents(
    program(`write('bread\\n'); try { for (;;) write('{"event":"finished"}\\n'); } catch {}`),
    ({ event }) => taken.push(event),
    ({ code }) => taken.push(code),
  );
  await ended;
  expect(taken).toEqual(["DJINIT_INTERNAL"]);
});
