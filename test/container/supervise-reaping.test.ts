import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Container, type RunOptions, runContainer } from "../support/docker.ts";
import { eventually } from "../support/eventually.ts";
import { type Process, processTable } from "../support/proc.ts";
import { runContext } from "../support/run-context.ts";
import { runAttached } from "./attached.ts";
import { countStarts, mainPid, serves, startReadyCake } from "./cake-subject.ts";

const MAKER = readFileSync(join(import.meta.dirname, "../fixtures/orphans/orphans.py"), "utf8");
const ORPHANS = 200;
/** The part of djinit that spawns, without the part that reaps. */
const SPAWN_PYTHON = `require("node:child_process").spawn("python", process.argv.slice(1), { stdio: "inherit" })`;

const makeOrphans = (...args: (number | string)[]) => ["python", "-c", MAKER, ...args.map(String)];

async function start(options: Partial<RunOptions>): Promise<Container> {
  const container = await runContainer({
    image: runContext().images.djinit,
    command: makeOrphans(ORPHANS),
    publish: [],
    ...options,
  });
  await eventually(async () => (await container.stdout()).includes("ready"), {
    what: "the orphans are made",
    timeoutMs: 30_000,
    attach: () => container.logs(),
  });
  return container;
}

const zombies = (table: readonly Process[]) => table.filter(({ state }) => state === "Z");
const living = (table: readonly Process[]) =>
  table.filter(({ argv, state }) => argv[0] === "python" && state !== "Z");

/** Waits until of the orphan maker's processes only itself is alive. */
async function orphansDead(container: Container): Promise<Process[]> {
  return eventually(
    async () => {
      const table = await processTable(container);
      if (living(table).length > 1) throw new Error(`${living(table).length} live`);
      return table;
    },
    { what: "the orphans are dead", timeoutMs: 20_000 },
  );
}

async function noZombies(container: Container): Promise<void> {
  await eventually(async () => zombies(await processTable(container)).length === 0, {
    what: "no zombie is left",
    timeoutMs: 5_000,
  });
}

test("PID 1 reaps two hundred orphans that die at once", async () => {
  await using container = await start({});
  await orphansDead(container);
  await noZombies(container);
});

test("with an init of the engine's as PID 1, orphans come to djinit and are reaped", async () => {
  await using container = await start({ init: true, command: makeOrphans(ORPHANS) });
  const table = await processTable(container);
  const djinit = table.find(({ argv }) => argv.includes("supervise"));
  expect(table.find(({ pid }) => pid === 1)?.argv).not.toContain("supervise");
  // Some may be dead by now; whoever is not has djinit as its parent.
  const orphans = living(table).slice(1);
  for (const { ppid } of orphans) expect(ppid).toBe(djinit?.pid);
  await orphansDead(container);
  await noZombies(container);
});

test("without the reaper the same orphans stay zombies", async () => {
  await using container = await start({
    entrypoint: "/usr/local/lib/djinit/node",
    command: ["-e", SPAWN_PYTHON, "--", ...makeOrphans(ORPHANS).slice(1)],
  });
  // One that is just ending is neither alive nor a zombie yet.
  await eventually(async () => zombies(await processTable(container)).length === ORPHANS, {
    what: "all of them are zombies",
    timeoutMs: 20_000,
  });
});

test("a command's exit status is seen among hundreds of dying orphans", async () => {
  const ended = await Promise.all(
    [23, 24].map((status) => runAttached({ command: makeOrphans(400, status) })),
  );
  expect(ended.map(({ status }) => status)).toEqual([23, 24]);
});

test("a service's death is seen while orphans die by the hundred", async () => {
  await using container = await startReadyCake();
  const pid = await mainPid(container, "gunicorn");
  // The last of them is made just before the kill, so that they die before it, with it and after it.
  await container.output(["sh", "-c", 'python -c "$1" 400 0; kill -9 "$2"', "sh", MAKER, String(pid)]);
  await eventually(async () => (await countStarts(container, "gunicorn")) === 2, {
    what: "gunicorn restarts",
  });
  await serves(container);
  const death = await container.record("the death", ({ msg }) => msg.startsWith("gunicorn ended with"));
  expect(death).toMatchObject({ level: "warn", exit_status: 137 });
  await noZombies(container);
});
