// One hook, as a real process.
import { chmodSync } from "node:fs";
import { dirname } from "node:path";
import { expect, test } from "vitest";
import { systemClock } from "../../../src/base/clock.ts";
import { asDjinitError, type DjinitError } from "../../../src/base/errors.ts";
import type { HookPoint } from "../../../src/boot/hooks/find-hooks.ts";
import { runHook } from "../../../src/boot/hooks/run-hook.ts";
import { openSink } from "../../../src/logs/write/open-sink.ts";
import { readProcessStat } from "../../../src/platform/proc.ts";
import { eventually } from "../../support/eventually.ts";
import { type RealPipe, realPipe } from "../../support/real-pipe.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const { write } = temporaryDirectory();

interface Run {
  pipe: RealPipe;
  warnings: string[];
  stop: AbortController;
  /** Undefined: it ended well. */
  ended: Promise<DjinitError | string | undefined>;
}

let count = 0;

function run(
  content: string,
  { point = "before-start", timeoutMs = 30_000, gracePeriodMs = 20_000 } = {},
): Run {
  count += 1;
  const path = write(`hook-${count}`, content);
  chmodSync(path, 0o755);
  const pipe = realPipe();
  pipe.read();
  const warnings: string[] = [];
  const stop = new AbortController();
  const quiet = () => {};
  const hook = { point: point as HookPoint, name: `${point}/hook`, path };
  const surroundings = {
    role: "web",
    appDirectory: dirname(path),
    runAsPrefix: [],
    environment: { PATH: process.env["PATH"], FLOUR: "rye" },
    timeoutMs,
    gracePeriodMs,
    sink: openSink(pipe.writeFd),
    log: { debug: quiet, info: quiet, error: quiet, warn: (_: unknown, msg: string) => warnings.push(msg) },
    clock: systemClock,
  };
  const ended = runHook(hook, surroundings, stop.signal).then(
    () => undefined,
    (error: unknown) => (typeof error === "string" ? error : asDjinitError(error)),
  );
  return { pipe, warnings, stop, ended };
}

const shell = (script: string, options: Parameters<typeof run>[1] = {}) =>
  run(`#!/bin/sh\n${script}\n`, options);

test("each line is a record of the hook's; it has the role, the directory, the environment and no stdin", async () => {
  const { ended, pipe, warnings } = shell(
    'echo "$1 $FLOUR $(cat | wc -c)"; ls "$0" >&2; printf \'{"msg":"baked","cakes":3}\'',
  );
  expect(await ended).toBeUndefined();
  await eventually(() => pipe.text().split("\n").length === 4);
  const lines = pipe.text().split("\n").slice(0, -1);
  const records = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  for (const record of records) expect(record).toMatchObject({ service: "before-start/hook" });
  expect(records.map(({ msg }) => msg)).toEqual(expect.arrayContaining(["web rye 0", "baked"]));
  expect(warnings).toEqual([]);
});

test.each([
  [
    "another status",
    "#!/bin/sh\necho no flour >&2; exit 3\n",
    /: it ended with status 3$/,
    { hook_status: 3, lines: ["no flour"] },
  ],
  ["a signal", "#!/bin/sh\nkill -SEGV $$\n", /: it was killed by SIGSEGV$/, {}],
])("%s is a failure", async (_, content, msg, fields) => {
  const error = await run(content).ended;
  expect(error).toMatchObject({
    code: "DJINIT_HOOK_FAILED",
    endStatus: 84,
    message: expect.stringMatching(msg),
  });
  expect((error as DjinitError).fields).toMatchObject({ hook: "before-start/hook", ...fields });
});

test("at its deadline it gets TERM, with all that it has started; after a migration the message says what stays", async () => {
  const { ended } = shell("sleep 600 & sleep 600; exit 0", { timeoutMs: 300, point: "after-migrate" });
  const error = await ended;
  expect(error).toMatchObject({ code: "DJINIT_HOOK_FAILED" });
  expect((error as DjinitError).message).toMatch(
    /it has not ended within 0\.3 s; the migrations stay applied/,
  );
});

test("what it has left behind is ended with it, and said", async () => {
  const { ended, pipe, warnings } = shell("sleep 600 & echo $!");
  expect(await ended).toBeUndefined();
  const pid = await eventually(() => /"msg":"(\d+)"/.exec(pipe.text())?.[1] ?? (false as const));
  // Whoever is its parent now may not have reaped it.
  expect(["Z", undefined]).toContain(readProcessStat(Number(pid))?.state);
  expect(warnings).toEqual([expect.stringContaining("has left processes behind")]);
});

test("a stop asks it to end, and is the reason of what comes after", async () => {
  const { ended, pipe, stop } = shell("trap 'exit 0' TERM; echo began; while :; do sleep 0.05; done");
  await eventually(() => pipe.text().includes("began"));
  stop.abort("SIGTERM");
  expect(await ended).toBe("SIGTERM");
});

test("one that does not end within the grace period is killed", async () => {
  const { ended, pipe, stop } = shell("trap '' TERM; echo began; while :; do sleep 0.05; done", {
    gracePeriodMs: 200,
  });
  await eventually(() => pipe.text().includes("began"));
  stop.abort("SIGTERM");
  expect(await ended).toMatchObject({ code: "DJINIT_GRACE_PERIOD_EXCEEDED", endStatus: 137 });
});

test("none is started when the stop has come before", async () => {
  const late = new AbortController();
  late.abort("SIGQUIT");
  await expect(
    runHook({ point: "before-start", name: "x", path: "/no" }, {} as never, late.signal),
  ).rejects.toBe("SIGQUIT");
});
