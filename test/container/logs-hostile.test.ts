import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Container, runContainer } from "../support/docker.ts";
import { eventually } from "../support/eventually.ts";
import { http } from "../support/http.ts";
import type { LogRecord } from "../support/records.ts";
import { runContext } from "../support/run-context.ts";
import { serves } from "./cake-subject.ts";

const FIXTURE = join(import.meta.dirname, "../fixtures/hostile-log");

let container: Container;
beforeAll(async () => {
  container = await runContainer({
    image: runContext().images.djinit,
    command: ["app:application"],
    env: { SKIP_MIGRATIONS: "1", PYTHONPATH: "/fixture", PYTHONDONTWRITEBYTECODE: "1" },
    volumes: [`${FIXTURE}:/fixture:ro`],
  });
  await serves(container, "/");
});
afterAll(() => container?.rm());

/** What the application's line of that name became: everything of its own before the line «after <name>». */
async function recordsOf(name: string): Promise<LogRecord[]> {
  expect((await http(await container.url(`/${name}`))).status).toBe(200);
  await container.record(`the line after ${name}`, ({ msg }) => msg === `after ${name}`);
  const own = (await container.records()).filter(({ service }) => service === "gunicorn");
  const end = own.findIndex(({ msg }) => msg === `after ${name}`);
  const begin = own.findLastIndex(({ msg }, at) => at < end && /^(after |Booting worker)/.test(msg));
  return own.slice(begin + 1, end);
}

test("a line of JSON keeps its fields; level and message are found under their usual names", async () => {
  expect(await recordsOf("json")).toMatchObject([
    { level: "warn", msg: "kept", message: "kept", order: 12, nested: { a: [1, null] }, logger: "cakes" },
  ]);
  expect(await recordsOf("own-time")).toMatchObject([{ time: "2026-01-02T02:04:05.678Z", msg: "timed" }]);
});

test("no line passes for another service's: its `service` is kept aside", async () => {
  expect(await recordsOf("service")).toMatchObject([
    { service: "gunicorn", app: { service: "djinit" }, msg: "forged", level: "fatal" },
  ]);
});

test("colours go, invalid UTF-8 is replaced, control characters are escaped: one line in, one record out", async () => {
  expect(await recordsOf("colour")).toMatchObject([{ level: "info", msg: "red: coloured" }]);
  expect(await recordsOf("utf8")).toMatchObject([{ msg: "invalid \uFFFD\uFFFD bytes \uFFFD( and €" }]);
  const [control, ...others] = await recordsOf("control");
  expect(others).toEqual([]);
  expect(control?.msg).toMatch(/^nul \0 bell \x07 return \rforged.*end$/s);
  expect(await recordsOf("escaped")).toMatchObject([{ msg: 'a\n{"service":"djinit"}\u001b[31m' }]);
  // Nothing of all that is raw in what the container wrote.
  expect(await container.stdout()).not.toMatch(/[\0-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/);
});

test("what only looks like JSON is text", async () => {
  expect(await recordsOf("half")).toMatchObject([{ level: "info", msg: '{"msg": "half of a' }]);
  expect(await recordsOf("array")).toMatchObject([{ level: "info", msg: "[1, 2, 3]" }]);
  expect(await recordsOf("warning")).toMatchObject([{ level: "warn" }]);
});

test("JSON made to hurt does not", async () => {
  const [deep] = await recordsOf("deep");
  expect(deep).toMatchObject({ msg: "deep" });
  const [proto] = await recordsOf("proto");
  expect(proto).toMatchObject({ level: "info", msg: "proto", constructor: 1, toString: 2 });
  expect(Object.keys(proto ?? {})).toContain("__proto__");
  expect((await recordsOf("spaces")).at(-1)?.msg).toMatch(/end$/);
  // Empty lines are none; blank ones are what they are.
  expect((await recordsOf("empty")).map(({ msg }) => msg)).toEqual(["   ", "\t"]);
});

test("a number that JavaScript cannot hold is passed on digit by digit", async () => {
  await recordsOf("number");
  expect(await container.stdout()).toContain('"order_id":12345678901234567890');
});

test("a line of 300 KiB is cut with a mark, and the next one is whole", async () => {
  for (const [name, letter] of [
    ["long", "x"],
    ["long-json", "y"],
  ] as const) {
    const [long, ...others] = await recordsOf(name);
    expect(others).toEqual([]);
    expect(long?.msg).toMatch(/… \[cut by djinit\]$/);
    const length = long?.msg.split(letter).length ?? 0;
    expect(length).toBeGreaterThan(255 * 1024);
    expect(length).toBeLessThanOrEqual(256 * 1024 + 1);
  }
});

test("a service may open /dev/stdout and /dev/stderr by name", async () => {
  expect((await http(await container.url("/reopened"))).text).toBe("logged");
  await container.record(
    "stdout",
    ({ service, msg }) => service === "gunicorn" && msg === "to stdout by name",
  );
  await container.record(
    "stderr",
    ({ service, msg }) => service === "gunicorn" && msg === "to stderr by name",
  );
});

test("a line that is written in two parts is one record", async () => {
  await http(await container.url("/two-writes"));
  await container.record("the line", ({ msg }) => msg === "first half second half");
});

test("twenty thousand lines on two streams: none is lost, doubled or torn, and each stream keeps its order", async () => {
  await http(await container.url("/many"));
  const numbers = await eventually(
    async () => {
      const found = (await container.records()).flatMap(({ msg }) => /^line (\d{8})$/.exec(msg)?.[1] ?? []);
      if (found.length < 20_000) throw new Error(`${found.length} lines`);
      return found.map(Number);
    },
    { what: "all lines", timeoutMs: 20_000, intervalMs: 500 },
  );
  expect(numbers).toHaveLength(20_000);
  for (const stream of [0, 1]) {
    const of = numbers.filter((number) => number % 2 === stream);
    expect(of).toEqual(Array.from({ length: 10_000 }, (_, at) => at * 2 + stream));
  }
});
