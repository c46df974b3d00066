// What `djinit dump` gathers from processes that may be hostile.
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import { askMetrics } from "../../../src/cli/dump/asked.ts";
import { masked } from "../../../src/cli/dump/masked.ts";
import { describeProcesses } from "../../../src/cli/dump/processes.ts";
import { describeStacks, signalIfCaught } from "../../../src/cli/dump/stacks.ts";
import { placedIn } from "../../../src/plan/paths.ts";
import { stacksFile } from "../../../src/plan/processes/stacks.ts";
import { startOf } from "../../../src/platform/process-usage.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const SITE = fileURLToPath(new URL("../../../python/site", import.meta.url));
const run = temporaryDirectory().path;
const file = placedIn(run, stacksFile("web"));
mkdirSync(join(file, ".."), { recursive: true });

const clean = (text: string): string => masked(text, ["planted-secret", "pläntéd"]);
const children: ChildProcessByStdio<null, Readable, null>[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill("SIGKILL");
    await once(child, "exit");
  }
});

/** The PID of a Python process that has printed a line. */
async function python(program: string): Promise<number> {
  const script = `import sys, signal, time\nsys.path.append(${JSON.stringify(SITE)})\n${program}\nprint("ready", flush=True)\ntime.sleep(600)`;
  const child = spawn("python3", ["-I", "-c", script], { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  await once(child.stdout, "data");
  return child.pid as number;
}

const LISTENS = `import djinit_stacks; djinit_stacks.listen(${JSON.stringify(file)})`;

test("a process says where its threads are, and its file is empty afterwards", async () => {
  const pid = await python(LISTENS);
  const told = await describeStacks([{ service: "web", pid }], run, clean);
  expect(told).toMatch(new RegExp(`^== web, PID ${pid}\n.*most recent call first.*File "<string>"`, "s"));
  expect(readFileSync(file, "utf8")).toBe("");
}, 30_000);

test("a secret of what a process writes is masked before its letters are replaced", async () => {
  const writes = `def write(*_):\n  with open(${JSON.stringify(file)}, "a") as it: it.write("it is pläntéd\\n")`;
  const pid = await python(`${writes}\nsignal.signal(44, write)`);
  const told = await describeStacks([{ service: "web", pid }], run, clean);
  expect(told).toContain("it is ********");
}, 30_000);

test("where an answer is cut, a secret is not cut with it", async () => {
  const line = `"first\\n" + "x" * (1024 * 1024 - len("first\\nplanted")) + "planted-secret\\n"`;
  const writes = `def write(*_):\n  with open(${JSON.stringify(file)}, "a") as it: it.write(${line})`;
  const pid = await python(`${writes}\nsignal.signal(44, write)`);
  const told = await describeStacks([{ service: "web", pid }], run, clean);
  expect(told).toContain("\nfirst\n");
  expect(told).not.toContain("planted");
}, 30_000);

test("a lease on the file holds nobody up", async () => {
  // Whoever opens a leased file waits for 45 s, or until its holder gives way. The signal to do so would end it.
  const leases = `import fcntl, os
signal.signal(signal.SIGIO, signal.SIG_IGN)
signal.signal(44, lambda *_: None)
path = ${JSON.stringify(file)}
os.path.exists(path) and os.unlink(path)
open(path, "w").close()
it = os.open(path, os.O_RDONLY)
fcntl.fcntl(it, fcntl.F_SETLEASE, fcntl.F_RDLCK)`;
  const pid = await python(leases);
  const startedMs = performance.now();
  const told = await describeStacks([{ service: "web", pid }], run, clean);
  expect(told).toContain("no answer within 3 s");
  expect(performance.now() - startedMs).toBeLessThan(30_000);
}, 120_000);

test("the signal goes only to the process that was looked at, while it has a handler", async () => {
  const without = await python("");
  expect(signalIfCaught(without, startOf(without))).toBe(false);
  const other = await python("signal.signal(44, lambda *_: sys.exit())");
  expect(signalIfCaught(other, "1")).toBe(false);
  expect(signalIfCaught(2 ** 22 + 1, startOf(2 ** 22 + 1))).toBe(false);
  expect(children.map(({ exitCode, signalCode }) => exitCode ?? signalCode)).toEqual([null, null]);
  expect(signalIfCaught(other, startOf(other))).toBe(true);
  await once(children[1] as (typeof children)[number], "exit");
});

test("arguments are masked before they are cut", async () => {
  // Not Python, which some machines start by a program that becomes it under another name.
  const words = ["-e", "console.log('ready'); setTimeout(() => {}, 600_000);"];
  const before = [process.execPath, ...words, ""].join(" ").length;
  // The cut, after 400 characters, is in the middle of the secret.
  const broker = "redis://:";
  const pad = "x".repeat(400 - "planted".length - before - broker.length - 1);
  const child = spawn(process.execPath, [...words, pad, `${broker}planted-secret@broker`], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  await once(child.stdout, "data");
  const rows = describeProcesses(clean).split("\n");
  const row = rows.find((line) => line.startsWith(`${child.pid} `));
  expect(row).toMatch(/x redis:\/\/\*+$/);
});

test("a page of metrics without an end is not read to its end", async () => {
  const server = createServer((_, response) => {
    const more = (): void => {
      while (!response.destroyed && response.write("x".repeat(65_536)));
    };
    response.on("drain", more);
    more();
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  await expect(askMetrics(port, undefined)).rejects.toThrow("the answer is larger than 4 MiB");
  server.close();
});
