import { openSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { openSink } from "../../../src/logs/write/open-sink.ts";
import { eventually } from "../../support/eventually.ts";
import { realPipe } from "../../support/real-pipe.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

// A busy machine may take its time.

const O_NONBLOCK = 0o4000;
const directory = temporaryDirectory();

function isNonBlocking(fd: number): boolean {
  const flags = /^flags:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "latin1"))?.[1] ?? "0";
  return (Number.parseInt(flags, 8) & O_NONBLOCK) !== 0;
}

/** Numbered lines of about 1 KiB: what is lost, doubled or out of order shows. */
function numberedLines(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `${at} ${"ä".repeat(500)}\n`);
}

describe("a pipe", () => {
  test("what is written arrives, in order", async () => {
    const pipe = realPipe();
    const sink = openSink(pipe.writeFd);
    pipe.read();
    sink.write("a\n");
    sink.write("b\n");
    await sink.flush(5_000);
    await eventually(() => expect(pipe.text()).toBe("a\nb\n"));
    expect(sink.congested).toBe(false);
  });

  test("a reader that stops makes it congested and blocks nobody; when it reads on, all is there once", async () => {
    const pipe = realPipe();
    const sink = openSink(pipe.writeFd);
    const lines = numberedLines(4_000);
    let drained = 0;
    sink.feedFrom({
      pause: () => {},
      resume: () => {
        drained += 1;
      },
    });
    for (const line of lines.slice(0, 3_000)) sink.write(line);
    expect(sink.congested).toBe(true);
    // The event loop turns on meanwhile.
    await new Promise((resolve) => setImmediate(resolve));
    for (const line of lines.slice(3_000)) sink.write(line);
    expect(sink.congested).toBe(true);
    expect(drained).toBe(0);

    pipe.read();
    await eventually(() => !sink.congested && drained > 0);
    await sink.flush(5_000);
    await eventually(() => pipe.text().length === lines.join("").length);
    expect(pipe.text()).toBe(lines.join(""));
  });

  test("it is congested and drains as often as the reader stops", async () => {
    const pipe = realPipe();
    const sink = openSink(pipe.writeFd);
    let drained = 0;
    const forget = sink.feedFrom({
      pause: () => {},
      resume: () => {
        drained += 1;
      },
    });
    pipe.read();
    for (let round = 1; round <= 3; round += 1) {
      for (const line of numberedLines(3_000)) sink.write(line);
      expect(sink.congested).toBe(true);
      await eventually(() => !sink.congested && drained >= round);
    }
    forget();
    const before = drained;
    for (const line of numberedLines(3_000)) sink.write(line);
    await eventually(() => !sink.congested);
    expect(drained).toBe(before);
  });

  test("all sources are paused as soon as it is congested, one that comes then is, too, and all go on together", async () => {
    const pipe = realPipe();
    const sink = openSink(pipe.writeFd);
    const seen: string[] = [];
    const source = (name: string) => ({
      pause: () => seen.push(`${name} paused at ${sink.written > 1_000_000 ? "the end" : "once"}`),
      resume: () => seen.push(`${name} resumed`),
    });
    sink.feedFrom(source("one"));
    const forget = sink.feedFrom(source("gone"));
    sink.feedFrom(source("other"));
    forget();
    for (const line of numberedLines(2_000)) sink.write(line);
    sink.feedFrom(source("late"));
    expect(seen).toEqual(["one paused at once", "other paused at once", "late paused at the end"]);
    seen.length = 0;
    pipe.read();
    await eventually(() => expect(seen).toEqual(["one resumed", "other resumed", "late resumed"]));
  });

  test("a reader that has left (EPIPE): nothing is thrown, nothing piles up, those who wait are woken", async () => {
    const pipe = realPipe();
    const sink = openSink(pipe.writeFd);
    let drained = 0;
    sink.feedFrom({
      pause: () => {},
      resume: () => {
        drained += 1;
      },
    });
    for (const line of numberedLines(3_000)) sink.write(line);
    expect(sink.congested).toBe(true);
    pipe.breakOff();
    await eventually(() => drained > 0);
    for (const line of numberedLines(3_000)) sink.write(line);
    expect(sink.congested).toBe(false);
    await sink.flush(60_000);
  });

  test("flush does not wait for ever for a reader that has stopped", async () => {
    const pipe = realPipe();
    const sink = openSink(pipe.writeFd);
    for (const line of numberedLines(500)) sink.write(line);
    const startedMs = performance.now();
    await sink.flush(50);
    expect(performance.now() - startedMs).toBeLessThan(5_000);
  });

  test("flush without anything written resolves too", async () => {
    const pipe = realPipe();
    await openSink(pipe.writeFd).flush(60_000);
  });
});

describe("a descriptor that is shared with a child", () => {
  test("`blocking` leaves its mode alone; without it the mode is changed for all who share it", () => {
    const shared = realPipe();
    openSink(shared.writeFd, "blocking").write("a\n");
    expect(isNonBlocking(shared.writeFd)).toBe(false);
    const own = realPipe();
    openSink(own.writeFd);
    expect(isNonBlocking(own.writeFd)).toBe(true);
  });
});

describe("a file", () => {
  test("is written to at once and is never congested", async () => {
    const file = directory.write("log", "");
    const sink = openSink(openSync(file, "a"));
    sink.write("a\n");
    sink.write(`${"b".repeat(2 * 1024 * 1024)}\n`);
    expect(sink.congested).toBe(false);
    expect(readFileSync(file, "utf8")).toHaveLength(2 * 1024 * 1024 + 3);
    await sink.flush(60_000);
  });

  test("a full device is not PID 1's end", () => {
    const sink = openSink(openSync("/dev/full", "w"));
    expect(() => sink.write("a\n")).not.toThrow();
  });
});
