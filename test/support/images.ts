import { buildExample, EXAMPLE_TAG } from "../../tools/image/example.ts";
import { buildDjinit, DJINIT_TAG } from "../../tools/image/image.ts";
import { ensureServiceImage, SERVICE_IMAGES, type ServiceName } from "../../tools/image/service-image.ts";
import { imageExists } from "./docker-cli.ts";
import type { RunContext } from "./run-context.ts";

/**
 * Builds the images that the tests use, by the same code as `npm run image`. With DJINIT_TEST_SKIP_BUILD=1 those that
 * exist are used as they are, however old. Errors: a build fails.
 */
export async function buildTestImages(): Promise<RunContext["images"]> {
  const images = { djinit: DJINIT_TAG, example: EXAMPLE_TAG, ...SERVICE_IMAGES };
  const skip = process.env.DJINIT_TEST_SKIP_BUILD === "1";
  const build = async (tag: string, make: () => Promise<string>) => {
    if (!skip || !(await imageExists(tag))) await make();
  };
  await build(images.djinit, () => buildDjinit());
  await build(images.example, () => buildExample());
  for (const service of Object.keys(SERVICE_IMAGES) as ServiceName[])
    await build(images[service], () => ensureServiceImage(service));
  return images;
}
