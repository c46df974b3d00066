// npm run image:example [-- --tag TAG]; djinit:latest is to exist
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { buildImage } from "./build-image.ts";
import { ensureEngine } from "./engine.ts";
import { main, say } from "./say.ts";

export const EXAMPLE_TAG = "cake-service:latest";

const context = fileURLToPath(new URL("../../example-app/", import.meta.url));

/** Builds the example project's image FROM djinit:latest. Errors: no engine, or a build that fails. */
export async function buildExample(tag: string = EXAMPLE_TAG): Promise<string> {
  await ensureEngine();
  say(`Building ${tag}`);
  await buildImage({ tag, dockerfile: `${context}Dockerfile`, context });
  return tag;
}

if (import.meta.main) {
  await main(async () => {
    const { values } = parseArgs({ options: { tag: { type: "string" } } });
    await buildExample(values.tag);
    return 0;
  });
}
