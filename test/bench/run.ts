// npm run bench [-- --pairs N --only NAME …]: djinit's figures against other designs, measured in turn in one run.
import { writeFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, release, totalmem } from "node:os";
import { main, say } from "../../tools/engine/say.ts";
import { prepareRun } from "../support/prepare-run.ts";
import { buildBenchImages } from "./bench-images.ts";
import type { Comparison } from "./comparison.ts";
import { measureAsgi } from "./figure-asgi.ts";
import { measureHealth } from "./figure-health.ts";
import { measureMemory } from "./figure-memory.ts";
import { measureMigrations } from "./figure-migrations.ts";
import { measureProjects } from "./figure-projects.ts";
import { measureRecovery } from "./figure-recovery.ts";
import { measureRelay } from "./figure-relay.ts";
import { measureReplicas } from "./figure-replicas.ts";
import { measureRequests } from "./figure-requests.ts";
import { measureScrape } from "./figure-scrape.ts";
import { measureSettings } from "./figure-settings.ts";
import { measureSize } from "./figure-size.ts";
import { measureStart } from "./figure-start.ts";
import { measureStop } from "./figure-stop.ts";
import { measureVerbs } from "./figure-verbs.ts";
import { measureVersions } from "./figure-versions.ts";
import { type BenchOptions, type FigureName, readOptions, USAGE } from "./options.ts";
import { markdownOf, tableOf } from "./report.ts";

const MEASURE: Record<FigureName, (pairs: number, options: BenchOptions) => Promise<Comparison[]>> = {
  size: measureSize,
  memory: measureMemory,
  health: measureHealth,
  verbs: measureVerbs,
  scrape: measureScrape,
  stop: measureStop,
  recovery: measureRecovery,
  start: measureStart,
  migrations: measureMigrations,
  settings: measureSettings,
  projects: measureProjects,
  replicas: measureReplicas,
  relay: measureRelay,
  requests: measureRequests,
  asgi: measureAsgi,
  versions: measureVersions,
};

/** Prints each figure's table when it is measured, and all as Markdown at the end. Errors: a measurement failed. */
async function bench(options: BenchOptions): Promise<void> {
  endInTime(options.deadlineMinutes);
  const teardown = await prepareRun(async () => {
    const images = await buildBenchImages();
    return { ...images, example: options.image };
  });
  const all: Comparison[] = [];
  try {
    for (const name of options.figures) {
      const comparisons = await MEASURE[name](options.pairs, options);
      say(`\n${tableOf(comparisons)}\n`);
      all.push(...comparisons);
    }
  } finally {
    await teardown();
  }
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(all, undefined, 2)}\n`);
  say(markdownOf(all, machine()));
}

/** Ends this process, and with it every container of the run, on Ctrl-C and when it takes too long. */
function endInTime(minutes: number): void {
  // `exit` is where the run's containers are removed; a signal's default action would skip it.
  process.once("SIGINT", () => process.exit(130));
  process.once("SIGTERM", () => process.exit(143));
  setTimeout(() => {
    process.stderr.write(`cannot finish the bench: no end after ${minutes} minutes\n`);
    process.exit(1);
  }, minutes * 60_000).unref();
}

function machine(): string {
  const gigabytes = (totalmem() / 1e9).toFixed(0);
  const processors = availableParallelism();
  const model = cpus()[0]?.model ?? "unknown";
  // The bench alone keeps it below: what is above is other work, which takes its time from both designs.
  const load = (loadavg()[2] ?? 0).toFixed(1);
  return `${processors} × ${model}, ${gigabytes} GB, Linux ${release()}; load average of the last 15 minutes: ${load}.`;
}

await main(async () => {
  const args = process.argv.slice(2);
  if (args.includes("--help")) {
    say(USAGE);
    return 0;
  }
  await bench(readOptions(args));
  return 0;
});
