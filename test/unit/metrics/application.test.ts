import { closeSync, openSync, renameSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { collectApplication } from "../../../src/metrics/application.ts";
import { readFileName } from "../../../src/metrics/application-merge.ts";
import { lockFile } from "../../../src/platform/libc.ts";
import { printed } from "../../support/printed-metrics.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

interface Value {
  metric: string;
  sample?: string;
  labels?: Record<string, string>;
  value: number;
  timestamp?: number;
}

/** A file as prometheus_client lays it out; before 0.17 without timestamps. */
function fileOf(values: Value[], withTimestamps = true, room = 64): Buffer {
  const entries = values.map(({ metric, sample = metric, labels = {}, value, timestamp = 0 }) => {
    const key = Buffer.from(JSON.stringify([metric, sample, labels, "Help."]));
    const padding = 8 - ((key.length + 4) % 8);
    const tail = Buffer.alloc(withTimestamps ? 16 : 8);
    tail.writeDoubleLE(value, 0);
    if (withTimestamps) tail.writeDoubleLE(timestamp, 8);
    const length = Buffer.alloc(4);
    length.writeInt32LE(key.length);
    return Buffer.concat([length, key, Buffer.alloc(padding, " "), tail]);
  });
  const body = Buffer.concat(entries);
  const header = Buffer.alloc(8);
  header.writeInt32LE(8 + body.length);
  return Buffer.concat([header, body, Buffer.alloc(room)]);
}

async function samplesOf(files: Record<string, Buffer>): Promise<Record<string, number>> {
  const { path, write } = temporaryDirectory();
  for (const [name, data] of Object.entries(files)) write(name, data);
  return Object.fromEntries(await printed(await collectApplication(path)));
}

describe("several processes' metrics are one", () => {
  const counter = (value: number) => [
    { metric: "cakes", sample: "cakes_total", labels: { kind: "plain" }, value },
    { metric: "orders", sample: "orders_total", value: 1 },
  ];

  test.each([true, false])("counters are added up (files with timestamps: %s)", async (withTimestamps) => {
    const files = {
      "counter_7.db": fileOf(counter(2), withTimestamps),
      "counter_8.db": fileOf(counter(3), withTimestamps),
    };
    expect(await samplesOf(files)).toEqual({
      'cakes_total{kind="plain"}': 5,
      orders_total: 2,
      djinit_application_metrics_readable: 1,
    });
  });

  test.each([
    ["sum", { gauge: 5 }],
    ["livesum", { gauge: 5 }],
    ["max", { gauge: 3 }],
    ["min", { gauge: 2 }],
    ["mostrecent", { gauge: 2 }],
    ["all", { 'gauge{pid="7"}': 2, 'gauge{pid="8"}': 3 }],
    ["liveall", { 'gauge{pid="7"}': 2, 'gauge{pid="8"}': 3 }],
  ])("a gauge of mode %s", async (mode, expected) => {
    const files = {
      [`gauge_${mode}_7.db`]: fileOf([{ metric: "gauge", value: 2, timestamp: 20 }]),
      [`gauge_${mode}_8.db`]: fileOf([{ metric: "gauge", value: 3, timestamp: 10 }]),
    };
    expect(await samplesOf(files)).toMatchObject(expected);
  });

  test("a histogram's buckets become cumulative, and its count their sum", async () => {
    const histogram = (counts: number[], sum: number): Buffer =>
      fileOf([
        { metric: "seconds", sample: "seconds_sum", labels: { view: "a" }, value: sum },
        // In the order of their keys, not of their bounds.
        ...["+Inf", "0.5", "10.0"].map((le, at) => ({
          metric: "seconds",
          sample: "seconds_bucket",
          labels: { le, view: "a" },
          value: counts[at] ?? 0,
        })),
      ]);
    const files = { "histogram_7.db": histogram([1, 2, 3], 5), "histogram_8.db": histogram([0, 1, 0], 0.5) };
    expect(await samplesOf(files)).toMatchObject({
      'seconds_bucket{view="a",le="0.5"}': 3,
      'seconds_bucket{view="a",le="10.0"}': 6,
      'seconds_bucket{view="a",le="+Inf"}': 7,
      'seconds_count{view="a"}': 7,
      'seconds_sum{view="a"}': 5.5,
    });
  });

  test("a summary has its sum and count", async () => {
    const file = fileOf([
      { metric: "size", sample: "size_count", value: 2 },
      { metric: "size", sample: "size_sum", value: 9 },
    ]);
    expect(await samplesOf({ "summary_7.db": file })).toMatchObject({ size_count: 2, size_sum: 9 });
  });
});

test("the most recent value is none where it has not been set", async () => {
  const gauge = (value: number, timestamp: number) => fileOf([{ metric: "oven", value, timestamp }]);
  const unset = { "gauge_livemostrecent_7.db": gauge(0, 0) };
  expect(await samplesOf(unset)).toEqual({ djinit_application_metrics_readable: 1 });
  const files = { ...unset, "gauge_livemostrecent_8.db": gauge(3, 100) };
  expect(await samplesOf(files)).toMatchObject({ oven: 3 });
});

describe("what is no such file", () => {
  test("an application without any has no figures at all", async () => {
    expect(await collectApplication("/nonexistent")).toEqual([]);
    expect(await samplesOf({ "notes.txt": Buffer.from("x") })).toEqual({});
  });

  test.each([
    ["garbage", Buffer.concat([Buffer.from([255, 0, 0, 0, 0, 0, 0, 0]), Buffer.alloc(247, 7)])],
    ["cut off", fileOf([{ metric: "a", value: 1 }], true, 0).subarray(0, 30)],
    ["larger than is sensible", fileOf([{ metric: "a".repeat(5 * 1024 * 1024), value: 1 }])],
  ])("one that is %s is told by a metric, and the scrape goes on", async (_, data) => {
    expect(await samplesOf({ "counter_7.db": data })).toEqual({ djinit_application_metrics_readable: 0 });
  });

  test("one that has just been made is empty", async () => {
    expect(
      await samplesOf({ "counter_7.db": Buffer.alloc(0), "counter_8.db": Buffer.alloc(65_536) }),
    ).toEqual({
      djinit_application_metrics_readable: 1,
    });
  });

  test.each(["counter_x.db", "gauge_7.db.tmp", "counter_7", "../counter_7.db"])("%s is none", (name) => {
    expect(readFileName(name)).toBeUndefined();
  });
});

describe("while dead workers' files are merged", () => {
  const merging = () => {
    const { path, write } = temporaryDirectory();
    write("merge.lock", "");
    write("counter_7.db", fileOf([{ metric: "cakes", sample: "cakes_total", value: 2 }]));
    const fd = openSync(`${path}/merge.lock`, "r");
    expect(lockFile(fd)).toBe(true);
    return { path, fd };
  };
  const samplesIn = async (page: ReturnType<typeof collectApplication>) =>
    Object.fromEntries(await printed(await page));

  test("nobody reads", async () => {
    const { path, fd } = merging();
    const page = collectApplication(path);
    renameSync(`${path}/counter_7.db`, `${path}/counter_01.db`);
    closeSync(fd);
    expect(await samplesIn(page)).toEqual({ cakes_total: 2, djinit_application_metrics_readable: 1 });
    const other = openSync(`${path}/merge.lock`, "r");
    expect(lockFile(other)).toBe(true);
    closeSync(other);
  });

  test("whoever holds the lock for ever keeps no one from reading", async () => {
    const { path, fd } = merging();
    expect(await samplesIn(collectApplication(path))).toMatchObject({ cakes_total: 2 });
    closeSync(fd);
  });
});
