// The clock on the wall jumps, as it does when a machine wakes up or is set. No container may set it: libfaketime stands
// between djinit and the kernel, and leaves the monotonic clock alone.
import { existsSync, writeFileSync } from "node:fs";
import { afterEach, expect, test } from "vitest";
import { installPackages } from "../../tools/engine/apt.ts";
import { eventually } from "../support/eventually.ts";
import { SuperviseProcess } from "../support/node-process.ts";
import { planOfServices, servicePlan } from "../support/supervised.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const LIBRARY = `/usr/lib/${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu/faketime/libfaketime.so.1`;
const HOUR_MS = 3_600_000;
const GRACE_PERIOD_MS = 2_000;
const directory = temporaryDirectory();
let run: SuperviseProcess | undefined;

afterEach(() => run?.child.kill("SIGKILL"));

for (const [way, offset, jumpMs] of [
  ["on", "+1h", HOUR_MS],
  ["back", "-1h", -HOUR_MS],
] as const) {
  test(`an hour ${way}: restarts and the grace period are as long as ever`, async () => {
    if (!existsSync(LIBRARY)) await installPackages(["libfaketime"]);
    const clock = `${directory.path}/clock-${way}`;
    const soon = { readiness: { kind: "settled" as const, afterMs: 1 } };
    const plan = planOfServices(
      [servicePlan("app", "stubborn", soon), servicePlan("flaky", "dies 3", soon)],
      { gracePeriodMs: GRACE_PERIOD_MS, maxRestarts: 100 },
    );
    writeFileSync(clock, "+0");
    run = new SuperviseProcess(directory.write(`plan-${way}.json`, JSON.stringify(plan)), {
      env: {
        LD_PRELOAD: LIBRARY,
        FAKETIME_TIMESTAMP_FILE: clock,
        FAKETIME_NO_CACHE: "1",
        FAKETIME_DONT_FAKE_MONOTONIC: "1",
      },
    });
    const { says, starts } = observe(run);
    await says("app: ready");
    writeFileSync(clock, offset);
    const before = starts();
    await eventually(() => starts() > before + 1, { what: "two restarts after the jump", timeoutMs: 20_000 });
    const times = run.lines().map((line) => Date.parse((JSON.parse(line) as { time: string }).time));
    // The clock did jump.
    expect(Math.abs((times.at(-1) ?? 0) - (times[0] ?? 0) - jumpMs)).toBeLessThan(HOUR_MS / 2);

    const startedMs = performance.now();
    run.signal("SIGTERM");
    expect(await run.ended()).toBe(137);
    const tookMs = performance.now() - startedMs;
    expect(tookMs).toBeGreaterThanOrEqual(GRACE_PERIOD_MS - 50);
    expect(tookMs).toBeLessThan(GRACE_PERIOD_MS * 5);
  });
}

function observe(process: SuperviseProcess) {
  return {
    says: (line: string) => process.says(line),
    starts: () => process.said().filter((line) => line === "flaky: ready").length,
  };
}
