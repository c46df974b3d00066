// node writer.ts KIND WRITER LINES [LINES_A_SECOND]: writes numbered lines to stdout, as fast as they are taken or at a
// steady rate; then each has the time of its writing (CLOCK_MONOTONIC, ns) behind its mark.
import { writeSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { type LineKind, lineOf, markOf } from "./lines.ts";

const BLOCK_BYTES = 64 * 1024;
const ZERO = 0x30;
const DIGITS = 8;

const [kind = "access", writer = "0", count = "0", rate = "0"] = process.argv.slice(2);

function writeAll(bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(1, bytes, at);
}

function writeFast(lines: number): void {
  const line = Buffer.from(lineOf(kind as LineKind, markOf(Number(writer), 0)));
  const marks = [...line.toString("latin1").matchAll(/#w\d\d-/g)].map(({ index }) => index + 5);
  const perBlock = Math.floor(BLOCK_BYTES / line.length);
  const block = Buffer.concat(Array.from({ length: perBlock }, () => line));
  for (let number = 0; number < lines; ) {
    const inBlock = Math.min(perBlock, lines - number);
    for (let index = 0; index < inBlock; index += 1) {
      for (const mark of marks) writeNumber(block, index * line.length + mark, number);
      number += 1;
    }
    writeAll(block.subarray(0, inBlock * line.length));
  }
}

function writeNumber(bytes: Buffer, at: number, number: number): void {
  let rest = number;
  for (let digit = DIGITS - 1; digit >= 0; digit -= 1) {
    bytes[at + digit] = ZERO + (rest % 10);
    rest = Math.floor(rest / 10);
  }
}

async function writeSteadily(lines: number, linesASecond: number): Promise<void> {
  const startedMs = performance.now();
  for (let number = 0; number < lines; ) {
    const due = Math.min(lines, Math.floor(((performance.now() - startedMs) * linesASecond) / 1000));
    for (; number < due; number += 1) {
      const mark = `${markOf(Number(writer), number)}@${process.hrtime.bigint()}`;
      writeAll(Buffer.from(lineOf(kind as LineKind, mark)));
    }
    await delay(1);
  }
}

if (rate === "0") writeFast(Number(count));
else void writeSteadily(Number(count), Number(rate));
