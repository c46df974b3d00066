import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { collectQueue } from "../../../../src/metrics/web/queue.ts";
import { printed } from "../../../support/printed-metrics.ts";
import { temporaryDirectory } from "../../../support/temporary-directory.ts";

const { path, write } = temporaryDirectory();

/** As a worker writes it: so many requests that took at most 5 ms, and so many that took longer than 10 s. */
function counts(quick: number, long: number, sum: number): Buffer {
  const numbers = new Float64Array(13);
  numbers.set([quick], 0);
  numbers.set([long, sum], 11);
  return Buffer.from(numbers.buffer);
}

test("nobody has told of any", () => {
  expect(collectQueue(path)).toEqual([]);
});

test("the counts of all processes are one histogram; what is no file of counts is none", async () => {
  write("0.queue", counts(3, 1, 60.5));
  write("1.queue", counts(2, 0, 0.25));
  mkdirSync(join(path, "2.queue"));
  write("elsewhere", counts(9, 9, 9));
  symlinkSync(join(path, "elsewhere"), join(path, "3.queue"));
  write("4.queue", Buffer.concat([counts(9, 9, 9), Buffer.alloc(1)]));
  write("5.queue", counts(Number.NaN, 0, 0));
  write("6.queue", counts(-1, 0, 0));
  write("7.queue", counts(1e300, 0, 0));
  write("8.queue", "");
  write("9.queue", counts(1, 0, 0));
  expect([...(await printed(collectQueue(path))).keys()].join()).toContain("djinit_request_queue_seconds");
  expect(collectQueue(path)[0]?.values.filter(({ labels }) => labels?.["le"] === undefined)).toEqual([
    expect.objectContaining({ metricName: "djinit_request_queue_seconds_sum", value: 60.75 }),
    expect.objectContaining({ metricName: "djinit_request_queue_seconds_count", value: 7 }),
  ]);
  expect(collectQueue(path)[0]?.values[0]?.value).toBe(6);
});
