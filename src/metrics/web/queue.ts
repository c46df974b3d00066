// How long requests waited for a worker. python/shared/djinit_queue.py writes a file for each process that answers requests.
import { join } from "node:path";
import { readUntrusted } from "../../base/untrusted-file.ts";
import { QUEUE_SUFFIX } from "../../plan/paths.ts";
import { type Family, family } from "../family.ts";
import { histogramSamples, REQUEST_BOUNDS } from "../histogram.ts";

const NAME = "djinit_request_queue_seconds";
/** A count for each bound, one for longer waits, and the sum. */
const NUMBERS = REQUEST_BOUNDS.length + 2;
const BYTES = NUMBERS * Float64Array.BYTES_PER_ELEMENT;
const MOST_FILES = 256;
/** An application that writes a larger number has written it itself. */
const MOST = 1e15;

/** Empty where no process has told of any. */
export function collectQueue(directory: string): Family[] {
  const total = new Float64Array(NUMBERS);
  let isTold = false;
  for (let at = 0; at < MOST_FILES; at += 1) {
    const told = readCounts(join(directory, `${at}${QUEUE_SUFFIX}`));
    // They are taken in their order.
    if (told === "missing") break;
    if (told === undefined) continue;
    isTold = true;
    for (const [index, value] of told.entries()) total[index] = (total[index] as number) + value;
  }
  if (!isTold) return [];
  const sum = total[NUMBERS - 1] as number;
  return [family(NAME, histogramSamples(NAME, {}, REQUEST_BOUNDS, total.subarray(0, NUMBERS - 1), sum))];
}

function readCounts(path: string): number[] | "missing" | undefined {
  let content: Buffer;
  try {
    content = readUntrusted(path, { mostBytes: BYTES });
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT" ? "missing" : undefined;
  }
  if (content.length !== BYTES) return undefined;
  const numbers = Array.from({ length: NUMBERS }, (_, at) =>
    content.readDoubleLE(at * Float64Array.BYTES_PER_ELEMENT),
  );
  return numbers.every((number) => number >= 0 && number <= MOST) ? numbers : undefined;
}
