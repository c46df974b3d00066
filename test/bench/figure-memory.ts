import { setTimeout as delay } from "node:timers/promises";
import { say } from "../../tools/engine/say.ts";
import type { Container } from "../support/docker.ts";
import { createDatabase } from "../support/postgres.ts";
import { runContext } from "../support/run-context.ts";
import { BENCH_IMAGES } from "./bench-images.ts";
import type { Comparison, Goal } from "./comparison.ts";
import { migrate, settledEnv, startWeb } from "./web-container.ts";

/** Long enough for what a start leaves behind to be given back. */
export const IDLE_MS = 15_000;
/** A round starts two containers of each kind, hence two samples of each. */
const SAMPLES_A_ROUND = 2;

/** The kernel shows it to who has the process's user and at least its capabilities; root in a container lacks ptrace. */
export const AS_DJINIT = [
  "setpriv",
  "--reuid=djinit",
  "--regid=djinit",
  "--clear-groups",
  "--inh-caps=+kill,+setuid,+setgid",
  "--ambient-caps=+kill,+setuid,+setgid",
];

const atMost16: Goal = {
  text: "at most 16 MB, and less than the other",
  isMet: ({ djinit, other }) => djinit.median <= 16 && djinit.median < other.median,
};

export interface Memory {
  privateMb: number;
  dirtyMb: number;
  /** With the program's file, which the kernel keeps once for all and takes away when it needs the memory. */
  residentMb: number;
}

/**
 * PID 1's private memory in a web container that does nothing but answer a scraper. Two containers of each kind run at once: pages of a
 * program's file are in memory once for all of them, but count as private where only one process has them mapped.
 */
export async function measureMemory(pairs: number): Promise<Comparison[]> {
  const { url } = await createDatabase();
  await migrate(url, "bench-password");
  const rounds = Math.ceil(pairs / SAMPLES_A_ROUND);
  const samples = { djinit: [] as Memory[], supervisord: [] as Memory[] };
  for (let round = 0; round < rounds; round += 1) {
    const start = async (image: string) => (await startWeb(image, settledEnv(url))).container;
    const images = [runContext().images.example, BENCH_IMAGES.supervisord];
    const containers = await Promise.all([...images, ...images].map(start));
    // As with a scraper, which loads what prints the metrics.
    for (const container of containers.filter((_, index) => index % 2 === 0)) await scrapeOften(container);
    await delay(IDLE_MS);
    for (const [index, container] of containers.entries()) {
      if (index % 2 === 0) samples.djinit.push(await readMemory(container, AS_DJINIT));
      else samples.supervisord.push(await readMemory(container, []));
    }
    await Promise.all(containers.map((container) => container.rm()));
    say(`memory: round ${round + 1} of ${rounds}`);
  }
  const compare = (what: string, field: keyof Memory) => ({
    what,
    unit: "MB" as const,
    other: "supervisord",
    djinitSamples: samples.djinit.map((sample) => sample[field]),
    otherSamples: samples.supervisord.map((sample) => sample[field]),
  });
  return [
    { ...compare("PID 1, private memory (clean + dirty)", "privateMb"), goal: atMost16 },
    { ...compare("PID 1, private memory, dirty alone", "dirtyMb"), goal: atMost16 },
    compare("PID 1, resident with files", "residentMb"),
  ];
}

/** An hour of a usual scraper's. */
const SCRAPES = 240;

export async function scrapeOften(container: Container): Promise<void> {
  const script = `import urllib.request as u
for _ in range(${SCRAPES}): u.urlopen("http://127.0.0.1:9180/metrics").read()`;
  await container.output(["python", "-c", script], { timeoutMs: 60_000 });
}

export async function readMemory(container: Container, asOwner: readonly string[]): Promise<Memory> {
  const text = await container.output([...asOwner, "cat", "/proc/1/smaps_rollup"], { user: "root" });
  const megabytes = (field: string): number => {
    const kib = new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(text)?.[1];
    if (kib === undefined) throw new Error(`cannot find ${field} in smaps_rollup\n${text}`);
    return (Number(kib) * 1024) / 1e6;
  };
  const dirtyMb = megabytes("Private_Dirty");
  return { privateMb: megabytes("Private_Clean") + dirtyMb, dirtyMb, residentMb: megabytes("Rss") };
}
