import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { systemClock } from "../../../src/base/clock.ts";
import { makePolicy } from "../../../src/logs/write/policy.ts";
import { Reaper } from "../../../src/supervise/process/reaper.ts";
import { spawnService } from "../../../src/supervise/process/spawn.ts";
import { eventually } from "../../support/eventually.ts";
import { MemorySink } from "../../support/streamed.ts";
import { servicePlan } from "../../support/supervised.ts";

const openFiles = () => readdirSync("/proc/self/fd").length;

test("a process that cannot be started leaves no pipe behind", async () => {
  const before = openFiles();
  // One word of more than 128 KiB: execve refuses it with E2BIG, and Node throws.
  const plan = { ...servicePlan("app", "steady"), argv: ["sh", "x".repeat(200_000)] };
  for (let tries = 0; tries < 5; tries += 1)
    expect(() =>
      spawnService({
        plan,
        environment: {},
        sink: new MemorySink(makePolicy()),
        clock: systemClock,
        reaper: new Reaper(),
        onRecord: () => {},
      }),
    ).toThrow("E2BIG");
  await eventually(() => openFiles() <= before);
});
