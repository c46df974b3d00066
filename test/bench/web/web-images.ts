// The application of test/bench/web/app on djinit, and on the same base without it.
import { fileURLToPath } from "node:url";
import { buildImage } from "../../../tools/image/build-image.ts";
import { buildDjinit, DJINIT_TAG, IMAGE_VERSION } from "../../../tools/image/image.ts";
import { buildOnBase } from "../../../tools/image/replaced-base.ts";
import { imageExists } from "../../support/docker-cli.ts";
import { BENCH_IMAGES, buildBenchBase } from "../bench-images.ts";

export const WEB_IMAGES = {
  djinit: `djinit-bench-web:${IMAGE_VERSION}`,
  /** Nothing is run from it. */
  plain: `djinit-bench-web-plain:${IMAGE_VERSION}`,
  /** The seed's boot, with djinit's settings of nginx; nothing is run from it. */
  seedBoot: `djinit-bench-web-seed-boot:${IMAGE_VERSION}`,
  seed: `djinit-bench-web-seed:${IMAGE_VERSION}`,
  servers: `djinit-bench-web-servers:${IMAGE_VERSION}`,
} as const;

const here = fileURLToPath(new URL("./", import.meta.url));
const seedBoot = fileURLToPath(new URL("../seed/", import.meta.url));

/** Builds all of them; the builder's cache makes this quick when they exist. Errors: a build fails. */
export async function buildWebImages(): Promise<void> {
  const skip = process.env["DJINIT_TEST_SKIP_BUILD"] === "1";
  const exist = await Promise.all(Object.values(WEB_IMAGES).map(imageExists));
  if (skip && !exist.includes(false)) return;
  await buildDjinit();
  await buildBenchBase();
  await buildOnBase({ tag: WEB_IMAGES.djinit, context: `${here}app`, base: DJINIT_TAG });
  await buildOnBase({ tag: WEB_IMAGES.plain, context: `${here}app`, base: BENCH_IMAGES.base });
  await buildUpon(WEB_IMAGES.seedBoot, seedBoot, { PLAIN_IMAGE: WEB_IMAGES.plain });
  await buildUpon(WEB_IMAGES.seed, `${here}seed`, { SEED_IMAGE: WEB_IMAGES.seedBoot });
  await buildUpon(WEB_IMAGES.servers, `${here}servers`, { PLAIN_IMAGE: WEB_IMAGES.plain });
}

function buildUpon(tag: string, context: string, buildArgs: Record<string, string>): Promise<void> {
  return buildImage({ tag, dockerfile: `${context}/Dockerfile`, context, buildArgs });
}
