// npm run bench:web [-- --rounds N --only NAME --designs NAME,…]: the same application served in different ways.
import { writeFileSync } from "node:fs";
import { main, say } from "../../../tools/engine/say.ts";
import { EXAMPLE_TAG } from "../../../tools/image/example.ts";
import { DJINIT_TAG } from "../../../tools/image/image.ts";
import { SERVICE_IMAGES } from "../../../tools/image/service-image.ts";
import { prepareRun } from "../../support/prepare-run.ts";
import { endInTime } from "../end-in-time.ts";
import { machine } from "../machine.ts";
import { requireWrk } from "../wrk.ts";
import { readWebOptions, USAGE, type WebOptions } from "./options.ts";
import { measureWebRound, rowsOfFigures } from "./rounds.ts";
import { buildWebImages } from "./web-images.ts";
import { webMarkdown, webTable } from "./web-report.ts";

/** Prints the table after each round, and as Markdown at the end. Errors: a measurement failed. */
async function bench(options: WebOptions): Promise<void> {
  endInTime(options.deadlineMinutes);
  await requireWrk();
  const teardown = await prepareRun({
    makeImages: async () => {
      await buildWebImages();
      return { djinit: DJINIT_TAG, example: EXAMPLE_TAG, ...SERVICE_IMAGES };
    },
    withPostgres: false,
  });
  const measured = rowsOfFigures(options);
  try {
    for (let round = 0; round < options.rounds; round += 1) {
      const startedMs = performance.now();
      await measureWebRound(round, options, measured);
      say(
        `round ${round + 1} of ${options.rounds}: ${((performance.now() - startedMs) / 1000).toFixed(0)} s`,
      );
    }
  } finally {
    await teardown();
  }
  const all = [...measured.values()].flat();
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(all, undefined, 2)}\n`);
  say(`\n${webTable(all)}\n`);
  say(webMarkdown(all, { rounds: options.rounds, machine: machine() }));
}

await main(async () => {
  const args = process.argv.slice(2);
  if (args.includes("--help")) {
    say(USAGE);
    return 0;
  }
  await bench(readWebOptions(args));
  return 0;
});
