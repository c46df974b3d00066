// This version of djinit against another one: start, memory and relay in one run, so that both meet the same machine.
import { setTimeout as delay } from "node:timers/promises";
import { createDatabase } from "../support/postgres.ts";
import { runContext } from "../support/run-context.ts";
import type { Comparison } from "./comparison.ts";
import { AS_DJINIT, IDLE_MS, type Memory, readMemory, scrapeOften } from "./figure-memory.ts";
import type { BenchOptions } from "./options.ts";
import { measureInTurn } from "./pairs.ts";
import { usedByAllSeconds } from "./processor-time.ts";
import type { LineKind } from "./relay/lines.ts";
import { buildPrograms, measureSubject } from "./relay/measure.ts";
import { migrate, settledEnv, startWeb } from "./web-container.ts";

const LINES = 2_000_000;
const KINDS: LineKind[] = ["access", "gunicorn", "celery"];

interface Start {
  totalSeconds: number;
  cpuSeconds: number;
}

/** Errors: no other version is named. */
export async function measureVersions(
  pairs: number,
  { otherImage, otherCheckout }: Pick<BenchOptions, "otherImage" | "otherCheckout">,
): Promise<Comparison[]> {
  if (otherImage === undefined)
    throw new Error("cannot compare versions: --other-image TAG names no image of another one");
  const { url } = await createDatabase();
  await migrate(url, "bench-password");
  return [
    ...(await compareStarts(pairs, otherImage, settledEnv(url))),
    ...(await compareMemory(pairs, otherImage, settledEnv(url))),
    ...(otherCheckout === undefined ? [] : await compareRelays(pairs, otherCheckout, otherImage)),
  ];
}

async function compareStarts(
  pairs: number,
  other: string,
  env: Record<string, string>,
): Promise<Comparison[]> {
  const start = async (image: string): Promise<Start> => {
    const { container, totalMs } = await startWeb(image, env);
    const cpuSeconds = await usedByAllSeconds(container);
    await container.rm();
    return { totalSeconds: totalMs / 1000, cpuSeconds };
  };
  const { a, b } = await measureInTurn(
    "versions, start",
    pairs,
    () => start(runContext().images.example),
    () => start(other),
  );
  const what = "no migrations, no superuser";
  const rows: [string, keyof Start][] = [
    [`docker run → first 200, ${what}`, "totalSeconds"],
    [`processor time of all until the first 200, ${what}`, "cpuSeconds"],
  ];
  return rows.map(([text, field]) => ({
    what: text,
    unit: "s",
    other,
    djinitSamples: a.map((it) => it[field]),
    otherSamples: b.map((it) => it[field]),
  }));
}

/** Two containers of each version run at once, as in the figure memory. */
async function compareMemory(
  pairs: number,
  other: string,
  env: Record<string, string>,
): Promise<Comparison[]> {
  const images = [runContext().images.example, other];
  const samples: Memory[][] = [[], []];
  for (let round = 0; round < Math.ceil(pairs / 2); round += 1) {
    const started = await Promise.all([...images, ...images].map((image) => startWeb(image, env)));
    const containers = started.map(({ container }) => container);
    for (const container of containers) await scrapeOften(container);
    await delay(IDLE_MS);
    for (const [index, container] of containers.entries())
      samples[index % 2]?.push(await readMemory(container, AS_DJINIT));
    await Promise.all(containers.map((container) => container.rm()));
  }
  const [a = [], b = []] = samples.map((of) => of.map(({ privateMb }) => privateMb));
  return [{ what: "PID 1, private memory", unit: "MB", other, djinitSamples: a, otherSamples: b }];
}

/** Each with its own writer: the format of nginx's lines is the version's. */
async function compareRelays(pairs: number, checkout: string, other: string): Promise<Comparison[]> {
  const [ours, theirs] = [await buildPrograms(), await buildPrograms(checkout)];
  const comparisons: Comparison[] = [];
  try {
    for (const kind of KINDS) {
      const load = { kinds: [kind], linesEach: LINES };
      const cost = async ({ directory }: { directory: string }): Promise<number> =>
        ((await measureSubject(directory, load)).cpuSeconds * 1e6) / LINES;
      const { a, b } = await measureInTurn(
        `versions, relay of ${kind} lines`,
        pairs,
        () => cost(ours),
        () => cost(theirs),
      );
      const what = `relay of ${kind} lines, processor time a line`;
      comparisons.push({ what, unit: "µs", other, djinitSamples: a, otherSamples: b });
    }
  } finally {
    for (const { remove } of [ours, theirs]) remove();
  }
  return comparisons;
}
