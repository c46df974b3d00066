// A server that was started beside the boot, and what it is told at its gate. A small program stands for gunicorn.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { orderFork } from "../../../src/boot/django/forked-reader.ts";
import { startEarly } from "../../../src/boot/gunicorn/early.ts";
import { readProcessStat } from "../../../src/platform/proc.ts";
import { eventually } from "../../support/eventually.ts";

const LIMIT_MS = 20_000;
/** Writes down what is said at the gate, and has a child as gunicorn has workers. */
const SERVER = `
sleep 600 &
echo $! > child
while IFS= read -r -n 1 -u "$DJINIT_GATE_FD" word; do printf %s "$word" >> said; done
kill %1
`;

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "early-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

function start(options: Parameters<typeof startEarly>[2]) {
  const plan = { name: "gunicorn", argv: ["bash", "-c", SERVER], cwd: directory, environment: {} };
  const environment = { PATH: process.env["PATH"] };
  return startEarly(plan as unknown as Parameters<typeof startEarly>[0], environment, options).gunicorn;
}

const read = (name: string) =>
  existsSync(join(directory, name)) ? readFileSync(join(directory, name), "utf8") : "";
const child = () =>
  eventually(async () => Number(read("child")) || false, { what: "it runs", timeoutMs: LIMIT_MS });
const isGone = (pid: number) => readProcessStat(pid) === undefined;

test("is let ahead once, and then told what the boot has found out", async () => {
  const gunicorn = start({ mayGoAhead: true });
  gunicorn.goAhead();
  gunicorn.goAhead();
  await eventually(async () => read("said") === "a", { what: "it is said", timeoutMs: LIMIT_MS });
  expect(gunicorn.open({ PORTS: "1" })).toBeDefined();
  await eventually(() => gunicorn.endStatus() !== undefined, { what: "its end", timeoutMs: LIMIT_MS });
  expect(read("said")).toBe('a1{"PORTS":"1"}');
});

test.each([
  ["a step changes what it looks at", {}],
  [
    "somebody waits in its place, and takes any word for the one that opens the gate",
    { mayGoAhead: true, orderFork: () => orderFork({}, [], { holds: true }) },
  ],
])("is not let ahead where %s", async (_, options) => {
  const gunicorn = start(options);
  await child();
  gunicorn.goAhead();
  // There is nothing to throw away either.
  gunicorn.dismiss();
  expect(gunicorn.open({})).toBeDefined();
  await eventually(() => gunicorn.endStatus() !== undefined, { what: "its end", timeoutMs: LIMIT_MS });
  expect(read("said")).toBe("1{}");
});

test("is ended, with its workers, where something changes that it may have looked at", async () => {
  const gunicorn = start({ mayGoAhead: true });
  const worker = (await child()) as number;
  gunicorn.goAhead();
  gunicorn.dismiss();
  // At once: its successor is started.
  expect(gunicorn.open({})).toBeUndefined();
  await eventually(() => gunicorn.endStatus() === 137, { what: "its end", timeoutMs: LIMIT_MS });
  await eventually(async () => isGone(worker) || readProcessStat(worker)?.state === "Z", {
    what: "its worker's end",
    timeoutMs: LIMIT_MS,
  });
});

test("is not let ahead once something has changed", async () => {
  const gunicorn = start({ mayGoAhead: true });
  await child();
  gunicorn.dismiss();
  gunicorn.goAhead();
  expect(gunicorn.open({})).toBeDefined();
  await eventually(() => gunicorn.endStatus() !== undefined, { what: "its end", timeoutMs: LIMIT_MS });
  expect(read("said")).toBe("1{}");
});
