// Writes a traceback of some length each time that it is asked, in one go, as Python's logging does.
// Words: its number, and the length in bytes; 0 for a line.
import { writeSync } from "node:fs";
import { createInterface } from "node:readline";

const [writer, bytes] = process.argv.slice(2).map(Number);
const head = `[2026-11-24 02:30:58 +0000] [${writer}]`;

/** What Linux takes of it at once, and the rest. */
function write(text) {
  const given = Buffer.from(text);
  for (let at = 0; at < given.length; at += writeSync(1, given, at));
}

function traceback(number) {
  const frames = [];
  for (let size = 0, line = 1; size < bytes; line += 1) {
    const frame = `  File "/app/shop/views_${writer}.py", line ${line}, in pay_${number}\n    raise NoFlour(${line})`;
    size += frame.length + 1;
    frames.push(frame);
  }
  return `Traceback (most recent call last):\n${frames.join("\n")}\nshop.errors.NoFlour: no flour ${writer}-${number}`;
}

for await (const number of createInterface({ input: process.stdin }))
  write(
    bytes === 0
      ? `${head} [INFO] line ${number}\n`
      : `${head} [ERROR] failed ${number}\n${traceback(number)}\n`,
  );
