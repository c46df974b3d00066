import { type ChildProcess, spawn } from "node:child_process";
import { write, writeSync } from "node:fs";
import { afterEach, expect, test, vi } from "vitest";
import { systemClock } from "../../../src/base/clock.ts";
import { openRelay, type RelayOptions } from "../../../src/logs/read/relay.ts";
import { openSink } from "../../../src/logs/write/open-sink.ts";
import type { Sink } from "../../../src/logs/write/sink.ts";
import { eventually } from "../../support/eventually.ts";
import * as python from "../../support/python-output.ts";
import { type RealPipe, realPipe } from "../../support/real-pipe.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

/** Written after all else, to know that all else has been read. */
const END = '{"msg":"end of the test"}\n';

const children: ChildProcess[] = [];
afterEach(() => {
  vi.restoreAllMocks();
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

interface Running {
  child: ChildProcess;
  pipe: RealPipe;
  clock: VirtualClock;
  ended: Promise<void>;
  sink: Sink;
  records: () => Record<string, unknown>[];
}

/** A shell script with its stdout relayed; its words come as $1, $2… */
function relayScript(script: string, words: string[] = [], more: Partial<RelayOptions> = {}): Running {
  const pipe = realPipe();
  const sink = openSink(pipe.writeFd);
  const clock = new VirtualClock();
  const relay = openRelay({ service: "talker", sink, clock, ...more });
  const child = spawn("sh", ["-c", script, "sh", ...words], { stdio: ["pipe", relay.writeFd, "inherit"] });
  children.push(child);
  relay.childHasIt(child.pid);
  const records = () =>
    pipe
      .text()
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { child, pipe, clock, ended: relay.ended, sink, records };
}

/** As above: all records of a script that has ended. */
async function recordsOf(script: string, words: string[] = [], more: Partial<RelayOptions> = {}) {
  const running = relayScript(script, words, more);
  running.pipe.read();
  await running.ended;
  running.sink.write(END);
  await eventually(() => running.pipe.text().endsWith(END));
  return running.records().slice(0, -1);
}

test("each line becomes a record with the service's name and PID; half a line at the end is not lost", async () => {
  const running = relayScript("printf 'one\\ntwo'");
  running.pipe.read();
  await running.ended;
  await eventually(() => expect(running.records()).toHaveLength(2));
  const { pid } = running.child;
  expect(running.records()).toMatchObject([
    { service: "talker", level: "info", msg: "one", pid },
    { service: "talker", level: "info", msg: "two", pid },
  ]);
});

test("a child may open /dev/stdout, as nginx does: it is a pipe and no socket", async () => {
  const records = await recordsOf("echo opened > /dev/stdout");
  expect(records).toMatchObject([{ msg: "opened" }]);
});

/** The event loop comes round: a pipe that is read at all, and has something in it, is read by then. */
async function turn(): Promise<void> {
  for (let round = 0; round < 3; round += 1) await new Promise((resolve) => setImmediate(resolve));
}

test("a pipe that is written line by line is read in gulps: not before a millisecond has passed", async () => {
  const pace = new VirtualClock();
  vi.spyOn(systemClock, "monotonicMs").mockImplementation(() => pace.monotonicMs());
  vi.spyOn(systemClock, "after").mockImplementation((delayMs, callback) => pace.after(delayMs, callback));
  const pipe = realPipe();
  pipe.read();
  const gulps: number[] = [];
  const observer = { access() {}, record() {}, relayed: (_: string, lines: number) => gulps.push(lines) };
  const relay = openRelay({
    service: "talker",
    sink: openSink(pipe.writeFd),
    clock: new VirtualClock(),
    observer,
  });
  const say = async (...lines: string[]) => {
    for (const line of lines) {
      writeSync(relay.writeFd, `${line}\n`);
      await turn();
    }
  };
  // The first line comes alone. With the second the pipe is a busy one.
  await say("one", "two", "three", "four", "five");
  expect(gulps).toEqual([1, 1]);
  pace.advance(1);
  await turn();
  expect(gulps).toEqual([1, 1, 3]);
  // Little has come in that time: the next rest is a long one.
  await say("six", "seven");
  pace.advance(4);
  await turn();
  expect(gulps).toEqual([1, 1, 3]);
  pace.advance(1);
  await turn();
  expect(gulps).toEqual([1, 1, 3, 2]);
  // Long after: it is read at once.
  pace.advance(100);
  await say("eight");
  expect(gulps).toEqual([1, 1, 3, 2, 1]);
  relay.childHasIt(undefined);
  await relay.ended;
  const lines = ["one", "two", "three", "four", "five", "six", "seven", "eight"];
  await eventually(() => expect(pipe.text().trimEnd().split("\n")).toHaveLength(lines.length));
  const said = pipe
    .text()
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line).msg);
  expect(said).toEqual(lines);
});

test("a traceback that is written line by line is one record, after a pause of 250 ms", async () => {
  const script = 'printf "%s\\n" "$1" | while IFS= read -r line; do printf "%s\\n" "$line"; done; read -r _';
  const running = relayScript(script, [python.CHAINED]);
  running.pipe.read();
  let passed = 0;
  // The last line has been read when a pause leads to the record.
  await eventually(() => {
    passed += 5;
    running.clock.advance(5);
    return running.records().length > 0;
  });
  expect(passed).toBeGreaterThanOrEqual(250);
  expect(running.records()).toMatchObject([{ level: "error", msg: "LookupError: no sugar" }]);
  running.child.stdin?.end();
  await running.ended;
});

test("a burst larger than one read does not tear a traceback off the line that announces it", async () => {
  const pipe = realPipe();
  pipe.read();
  const sink = openSink(pipe.writeFd);
  const relay = openRelay({ service: "talker", sink, clock: new VirtualClock() });
  const head = "WARNING:root:burnt\n";
  // All that the pipe and one read hold: the traceback has room after the first read only.
  writeSync(relay.writeFd, `${"x".repeat(64 * 1024 - head.length - 1)}\n${head}`);
  write(relay.writeFd, `${python.SIMPLE}\n`, () => relay.childHasIt(undefined));
  await relay.ended;
  await eventually(() => expect(pipe.text().trimEnd().split("\n")).toHaveLength(2));
  expect(JSON.parse(pipe.text().trimEnd().split("\n")[1] ?? "")).toMatchObject({
    msg: "burnt",
    logger: "root",
    level: "error",
    error: { type: "ValueError" },
  });
});

test("empty lines are none; blank ones are what they are", async () => {
  const records = await recordsOf("printf '\\n\\na\\n   \\n\\n'");
  expect(records).toMatchObject([{ msg: "a" }, { msg: "   " }]);
});

test("extra fields, and a name that changes when what was written before is drained", async () => {
  const pipe = realPipe();
  pipe.read();
  const sink = openSink(pipe.writeFd);
  let name = "first";
  const seen: string[] = [];
  const relay = openRelay({
    service: () => name,
    sink,
    clock: new VirtualClock(),
    extra: { step: "x" },
    onRecord: ({ msg }) => seen.push(msg),
  });
  writeSync(relay.writeFd, "a\n\u001enull\n");
  // Within the same turn of the event loop: nobody else has read it.
  relay.drain();
  expect(seen).toEqual(["a", "\u001enull"]);
  name = "second";
  writeSync(relay.writeFd, "b\n");
  relay.childHasIt(undefined);
  await relay.ended;
  // The descriptor is another's by now.
  relay.drain();
  await eventually(() => expect(pipe.text().trimEnd().split("\n")).toHaveLength(3));
  const records = pipe
    .text()
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(records).toMatchObject([
    { service: "first", msg: "a", step: "x" },
    { service: "first", msg: "\u001enull", step: "x" },
    { service: "second", msg: "b", step: "x" },
  ]);
});

test("an observer sees requests as facts, other records as records, and how much there was", async () => {
  const facts: unknown[] = [];
  const records: unknown[] = [];
  const relayed = { lines: 0, bytes: 0 };
  const request = JSON.stringify({
    request: "GET / HTTP/1.1",
    status: 502,
    body_bytes_sent: 552,
    request_time: 0.25,
    upstream_response_time: "0.100, 0.125",
    http_host: "cakes.example",
  });
  const seen: string[] = [];
  const text = `${request}\nhalf`;
  await recordsOf('printf %s "$1"', [text], {
    service: "nginx",
    onRecord: ({ msg }) => seen.push(msg),
    observer: {
      access: (it) => facts.push({ ...it }),
      record: (service, { msg }) => records.push([service, msg]),
      relayed: (service, lines, bytes) => {
        expect(service).toBe("nginx");
        relayed.lines += lines;
        relayed.bytes += bytes;
      },
    },
  });
  expect(facts).toEqual([
    {
      host: "cakes.example",
      status: 502,
      requestSeconds: 0.25,
      bytesSent: 552,
      upstreamSeconds: 0.125,
      fromApplication: true,
      cache: "",
    },
  ]);
  expect(records).toEqual([["nginx", "half"]]);
  expect(seen).toEqual(["half"]);
  expect(relayed).toEqual({ lines: 2, bytes: text.length });
});

test("nobody reads stdout: the service waits in its own write, and afterwards no line is lost or doubled", async () => {
  // More than the pipe and the sink hold.
  const lineCount = 250_000;
  const running = relayScript('seq 1 "$1"', [String(lineCount)]);
  await eventually(() => running.sink.congested);
  // Another that is read has time for all of it; this one has not come to its end meanwhile.
  await recordsOf('seq 1 "$1"', [String(lineCount)]);
  expect(running.child.exitCode).toBeNull();
  running.pipe.read();
  await running.ended;
  await eventually(() => running.records().length === lineCount, { intervalMs: 200 });
  running.records().forEach(({ msg }, at) => {
    if (msg !== String(at + 1)) throw new Error(`line ${at + 1} is ${msg}`);
  });
});

test("the reader has left: the service is still read from, and ends", async () => {
  const running = relayScript("seq 1 250000");
  await eventually(() => running.sink.congested);
  running.pipe.breakOff();
  await running.ended;
});
