import { mkdirSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { scale } from "../../../src/control/answers/scale.ts";
import type { AdminContext } from "../../../src/control/context.ts";
import type { Done } from "../../../src/control/protocol.ts";
import { eventually } from "../../support/eventually.ts";
import { Supervised, servicePlan } from "../../support/supervised.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

/** Says each signal, and takes its time to stop. */
const COUNTS = `trap 'echo in' TTIN; trap 'echo out' TTOU; trap 'stops=1' TERM
echo ready; while [ -z "$stops" ]; do sleep 0.02; done; echo stops; sleep 1`;

const { path } = temporaryDirectory();

async function started() {
  const plan = servicePlan("gunicorn", "unused", {
    argv: ["sh", "-c", COUNTS],
    forwards: ["SIGTTIN", "SIGTTOU"],
  });
  const supervised = new Supervised([plan], { run: path });
  supervised.supervisor.start();
  await supervised.ready(["gunicorn"]);
  const { supervisor } = supervised;
  const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const ask = (workers: string): Promise<Done> =>
    scale({ verb: "scale", service: "gunicorn", workers }, { supervisor, log } as unknown as AdminContext);
  const count = (word: string): number =>
    supervised.said().filter((line) => line === `gunicorn: ${word}`).length;
  return { supervised, ask, count };
}

test("each worker more is one signal", async () => {
  const { ask, count } = await started();
  expect(await ask("+3")).toMatchObject({ ok: true });
  await eventually(() => count("in") === 3, { what: "three signals" });
});

test.each(["stop", "restart"] as const)(
  "a %s ends it: no signal is sent any more, and it says so",
  async (type) => {
    const { supervised, ask, count } = await started();
    const asked = ask("+50");
    await eventually(() => count("in") > 0, { what: "the first signal" });
    await expect(ask("+1")).rejects.toThrow("it is being scaled already");
    supervised.service("gunicorn").handle({ type });
    const { ok, done } = await asked;
    expect(ok).toBe(false);
    expect(done).toMatch(/^cannot scale gunicorn on: it is (stopping|starting); \d of 50 signals were sent$/);
    await eventually(() => count("stops") === 1, { what: "it stops" });
    const sent = Number(/(\d+) of 50/.exec(done)?.[1]);
    expect(count("in")).toBeLessThanOrEqual(sent);
    // The way is free for the next one.
    await expect(ask("+1")).rejects.toThrow("cannot scale gunicorn: it is ");
  },
);

test("the master's own word counts, for some of its processes may be leaving", async () => {
  const { supervised, ask, count } = await started();
  mkdirSync(`${path}/gunicorn`);
  writeFileSync(`${path}/gunicorn/workers`, `${supervised.service("gunicorn").pid} 2`);
  expect(await ask("3")).toEqual({ ok: true, done: "gunicorn: 2 → 3 workers, until it is restarted" });
  await eventually(() => count("in") === 1, { what: "one signal" });
});
