// npm run bench [-- --pairs N --only NAME …]: djinit's figures against other designs, measured in turn in one run.
import { writeFileSync } from "node:fs";
import { main, say } from "../../tools/engine/say.ts";
import { prepareRun } from "../support/prepare-run.ts";
import { buildBenchImages } from "./bench-images.ts";
import type { Comparison } from "./comparison.ts";
import { endInTime } from "./end-in-time.ts";
import { measureAsgi } from "./figure-asgi.ts";
import { measureCrowd } from "./figure-crowd.ts";
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
import { machine } from "./machine.ts";
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
  crowd: measureCrowd,
  relay: measureRelay,
  requests: measureRequests,
  asgi: measureAsgi,
  versions: measureVersions,
};

/** Prints each figure's table when it is measured, and all as Markdown at the end. Errors: a measurement failed. */
async function bench(options: BenchOptions): Promise<void> {
  endInTime(options.deadlineMinutes);
  const teardown = await prepareRun({
    makeImages: async () => ({ ...(await buildBenchImages()), example: options.image }),
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

await main(async () => {
  const args = process.argv.slice(2);
  if (args.includes("--help")) {
    say(USAGE);
    return 0;
  }
  await bench(readOptions(args));
  return 0;
});
