import { expect, test } from "vitest";
import { runContainer } from "../support/docker.ts";
import { eventually } from "../support/eventually.ts";
import { http } from "../support/http.ts";
import { type LogRecord, parseRecords } from "../support/records.ts";
import { runContext } from "../support/run-context.ts";
import { isInHand, startReadyCake } from "./cake-subject.ts";

const GRACE_PERIOD = { DJINIT_GRACE_PERIOD: "2" };
const isExceeded = ({ code }: LogRecord) => code === "DJINIT_GRACE_PERIOD_EXCEEDED";
const STUBBORN = ["sh", "-c", 'trap "" TERM; echo up; sleep 60'];

test("a command that ignores TERM is killed at the deadline: status 137, and the record names it", async () => {
  await using container = await runContainer({
    image: runContext().images.djinit,
    command: STUBBORN,
    env: GRACE_PERIOD,
    publish: [],
  });
  await eventually(async () => (await container.stdout()) === "up", { what: "it is up" });
  const startedMs = performance.now();
  await container.signal("TERM");
  expect(await container.wait()).toBe(137);
  expect(performance.now() - startedMs).toBeGreaterThan(1_900);
  expect(performance.now() - startedMs).toBeLessThan(6_000);
  const record = parseRecords(await container.stderr()).find(isExceeded);
  expect(record).toMatchObject({ level: "error", service: "djinit", targets: ["command"], exit_status: 137 });
  expect(record?.["hint"]).toContain("DJINIT_GRACE_PERIOD");
});

test("a request that takes too long is cut off at the ONE deadline, which a second TERM does not move", async () => {
  await using container = await startReadyCake({ env: { ...GRACE_PERIOD, DJINIT_GRACE_PERIOD: "3" } });
  const slow = http(await container.url("/debug/sleep/?seconds=30"), { timeoutMs: 40_000 }).catch(
    () => "cut off",
  );
  await isInHand(container);
  const startedMs = performance.now();
  await container.signal("TERM");
  const again = eventually(
    async () => {
      await container.signal("TERM");
      await container.signal("INT");
      return performance.now() - startedMs > 2_000;
    },
    { what: "more TERMs", intervalMs: 500 },
  );
  expect(await container.wait()).toBe(137);
  expect(performance.now() - startedMs).toBeGreaterThan(2_900);
  expect(performance.now() - startedMs).toBeLessThan(7_000);
  await again;
  expect(await slow).toBe("cut off");
  const records = await container.records();
  expect(records.filter(({ msg }) => msg.startsWith("stopping: "))).toHaveLength(1);
  const exceeded = records.filter(isExceeded);
  expect(exceeded).toHaveLength(1);
  expect(exceeded[0]?.["targets"]).toEqual(expect.arrayContaining(["nginx"]));
  expect(records.at(-1)).toMatchObject({ msg: "stopped, exit status 137" });
});
