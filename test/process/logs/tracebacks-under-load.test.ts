// Several processes write to one pipe, as gunicorn's workers do.
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { systemClock } from "../../../src/base/clock.ts";
import { openRelay } from "../../../src/logs/read/relay.ts";
import type { Fields } from "../../../src/logs/record.ts";
import { makePolicy } from "../../../src/logs/write/policy.ts";
import { MemorySink } from "../../support/streamed.ts";

const WRITER = join(import.meta.dirname, "traceback-writer.mjs");
const WRITERS = 4;
const ROUNDS = 250;
const LINES_A_ROUND = 20;
const TRACEBACK_BYTES = 90_000;

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

/** Whether it has all frames of the traceback, each once and in order, and nothing else. */
function isWhole({ msg, pid, error }: Fields): boolean {
  const { type, message, stack } = error as { type: string; message: string; stack: string };
  const [, writer, number] = /^no flour (\d+)-(\d+)$/.exec(message) ?? [];
  const frames = stack.split("\n").slice(1, -1);
  return (
    type === "shop.errors.NoFlour" &&
    msg === `failed ${number}` &&
    String(pid) === writer &&
    stack.length > TRACEBACK_BYTES &&
    frames.every((frame, at) => {
      const line = Math.floor(at / 2) + 1;
      const isPlace = at % 2 === 0;
      return (
        frame ===
        (isPlace
          ? `  File "/app/shop/views_${writer}.py", line ${line}, in pay_${number}`
          : `    raise NoFlour(${line})`)
      );
    })
  );
}

test("of 1,000 tracebacks of 90 KB that 4 processes write at once, with a fifth one's lines, none is torn", {
  timeout: 300_000,
}, async () => {
  const seen = { whole: 0, torn: 0, lines: 0, others: [] as string[] };
  let [wanted, arrive] = [0, (): void => {}];
  const onRecord = (fields: Fields): void => {
    if (fields["error"] !== undefined) seen[isWhole(fields) ? "whole" : "torn"] += 1;
    else if (/^line \d+$/.test(fields.msg)) seen.lines += 1;
    else seen.others.push(fields.msg);
    if (seen.whole + seen.torn + seen.lines + seen.others.length >= wanted) arrive();
  };
  const sink = new MemorySink({ ...makePolicy(), passes: () => false });
  const relay = openRelay({ service: "gunicorn", sink, clock: systemClock, onRecord });
  for (let writer = 1; writer <= WRITERS + 1; writer += 1) {
    const bytes = writer <= WRITERS ? TRACEBACK_BYTES : 0;
    const words = [WRITER, String(writer), String(bytes)];
    children.push(spawn(process.execPath, words, { stdio: ["pipe", relay.writeFd, "inherit"] }));
  }
  relay.childHasIt(children[0]?.pid);
  for (let round = 0; round < ROUNDS; round += 1) {
    // A record more than these would be a torn one.
    wanted = (round + 1) * (WRITERS + LINES_A_ROUND);
    const all = new Promise<void>((resolve) => {
      arrive = resolve;
    });
    const numbers = Array.from({ length: LINES_A_ROUND }, (_, at) => `${round * LINES_A_ROUND + at}\n`);
    children.forEach((child, at) => {
      child.stdin?.write(at < WRITERS ? `${round}\n` : numbers.join(""));
    });
    await all;
  }
  for (const child of children) child.stdin?.end();
  await relay.ended;
  expect(seen).toEqual({
    whole: WRITERS * ROUNDS,
    torn: 0,
    lines: LINES_A_ROUND * ROUNDS,
    others: [],
  });
});
