// npm run image:example [-- --tag TAG]; djinit:latest has to exist
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { ensureEngine } from "../engine/engine.ts";
import { main, say } from "../engine/say.ts";
import { DJINIT_TAG, IMAGE_VERSION } from "./image.ts";
import { buildOnBase } from "./replaced-base.ts";

export const EXAMPLE_TAG = `cake-service:${IMAGE_VERSION}`;

const context = fileURLToPath(new URL("../../example-app/", import.meta.url));

/** Builds the example project's image FROM djinit's. Errors: no engine, or a build that fails. */
export async function buildExample(tag: string = EXAMPLE_TAG): Promise<string> {
  await ensureEngine();
  say(`Building ${tag}`);
  await buildOnBase({ tag, context, base: DJINIT_TAG });
  return tag;
}

if (import.meta.main) {
  await main(async () => {
    const { values } = parseArgs({ options: { tag: { type: "string" } } });
    await buildExample(values.tag);
    return 0;
  });
}
