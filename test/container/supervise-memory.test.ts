import { expect, test } from "vitest";
import { http } from "../support/http.ts";
import { processTable } from "../support/proc.ts";
import { childrenOf, mainPid, serves, startReadyCake } from "./cake-subject.ts";

test("out of memory: a worker dies and not PID 1, one record says so, and the container serves again", async () => {
  await using container = await startReadyCake({ more: ["--memory=300m", "--memory-swap=300m"] });
  const master = await mainPid(container, "gunicorn");
  const [worker] = await childrenOf(container, master);
  expect((await http(await container.url("/debug/allocate/?mb=500"))).status).toBe(502);
  const isOurs = ({ service, msg }: { service: string; msg: string }) =>
    service === "djinit" && msg.startsWith("out of memory: ");
  const record = await container.record("the kill", isOurs);
  expect(record).toMatchObject({
    level: "error",
    memory_limit_bytes: 300 * 1024 * 1024,
    oom_kills: 1,
  });
  expect(record["memory_usage_bytes"]).toBeGreaterThan(0);
  expect(record["processes"]).toMatchObject([{ pid: worker?.pid, name: "gunicorn" }]);
  await serves(container);
  expect(await mainPid(container, "gunicorn")).toBe(master);
  expect((await container.records()).filter(isOurs)).toHaveLength(1);
  expect(await container.stop()).toBe(0);
});

for (const [own, services] of [
  [0, 500],
  [300, 800],
  [1_000, 1_000],
]) {
  test(`the kernel prefers every service to PID 1, whose own score is ${own}`, async () => {
    await using container = await startReadyCake({ more: [`--oom-score-adj=${own}`] });
    const pids = (await processTable(container)).map(({ pid }) => pid);
    const scores = await Promise.all(
      pids.map(async (pid) => Number(await container.output(["cat", `/proc/${pid}/oom_score_adj`]))),
    );
    expect(pids.length).toBeGreaterThanOrEqual(5);
    expect(scores).toEqual(pids.map((pid) => (pid === 1 ? own : services)));
  });
}
