// The images djinit is compared with, all from one that has the same nginx, gunicorn and application.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { DEBIAN, ensureBaseImage } from "../../tools/image/base-image.ts";
import { buildImage } from "../../tools/image/build-image.ts";
import { IMAGE_VERSION } from "../../tools/image/image.ts";
import { buildOnBase } from "../../tools/image/replaced-base.ts";
import { imageExists } from "../support/docker-cli.ts";
import { buildTestImages } from "../support/images.ts";
import type { RunContext } from "../support/run-context.ts";

export const BENCH_IMAGES = {
  /** Without the example project; nothing is run from it. */
  base: `djinit-bench-base:${IMAGE_VERSION}`,
  /** djinit's image of the example project without djinit and node. */
  plain: `djinit-bench-plain:${IMAGE_VERSION}`,
  seed: `djinit-bench-seed:${IMAGE_VERSION}`,
  supervisord: `djinit-bench-supervisord:${IMAGE_VERSION}`,
} as const;

const SUPERVISOR_VERSION = "4.3.0";

const root = fileURLToPath(new URL("../../", import.meta.url));
const here = fileURLToPath(new URL("./", import.meta.url));

/** Builds djinit's images and those it is compared with; the builder's cache makes this quick when they exist. */
export async function buildBenchImages(): Promise<RunContext["images"]> {
  const images = await buildTestImages();
  const skip = process.env["DJINIT_TEST_SKIP_BUILD"] === "1";
  const exist = await Promise.all(Object.values(BENCH_IMAGES).map(imageExists));
  if (!skip || exist.includes(false)) await buildOthers();
  return images;
}

/** What all of them are built from: nginx, Python and gunicorn, without an application. */
export async function buildBenchBase(): Promise<void> {
  await buildImage({
    tag: BENCH_IMAGES.base,
    dockerfile: `${here}plain/Dockerfile`,
    context: `${root}docker`,
    buildArgs: { BASE_IMAGE: await ensureBaseImage(DEBIAN), GUNICORN_VERSION: gunicornVersion() },
  });
}

async function buildOthers(): Promise<void> {
  await buildBenchBase();
  await buildOnBase({ tag: BENCH_IMAGES.plain, context: `${root}example-app`, base: BENCH_IMAGES.base });
  await buildImage({
    tag: BENCH_IMAGES.seed,
    dockerfile: `${here}seed/Dockerfile`,
    context: `${here}seed`,
    buildArgs: { PLAIN_IMAGE: BENCH_IMAGES.plain },
  });
  await buildImage({
    tag: BENCH_IMAGES.supervisord,
    dockerfile: `${here}supervisord/Dockerfile`,
    context: `${here}supervisord`,
    buildArgs: { PLAIN_IMAGE: BENCH_IMAGES.plain, SUPERVISOR_VERSION },
  });
}

/** The one that djinit's image pins. */
function gunicornVersion(): string {
  const version = /^gunicorn==(\S+)/m.exec(readFileSync(`${root}docker/build/requirements.txt`, "utf8"))?.[1];
  if (version === undefined) throw new Error("cannot find gunicorn in docker/build/requirements.txt");
  return version;
}
