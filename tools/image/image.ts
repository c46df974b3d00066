// npm run image [-- --base IMAGE] [--tag TAG]
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { ensureEngine } from "../engine/engine.ts";
import { main, say } from "../engine/say.ts";
import { DEBIAN, ensureBaseImage } from "./base-image.ts";
import { buildImage } from "./build-image.ts";
import { bundle, version } from "./bundle.ts";

/** Different versions keep the images of two checkouts on one engine apart. */
export const IMAGE_VERSION = process.env.DJINIT_IMAGE_VERSION ?? "latest";
export const DJINIT_TAG = `djinit:${IMAGE_VERSION}`;

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Bundles the program and builds djinit's image from `base`. Errors: no engine, no base, or a build that fails. */
export async function buildDjinit(
  options: { base?: string; tag?: string; noCache?: boolean } = {},
): Promise<string> {
  const tag = options.tag ?? DJINIT_TAG;
  await ensureEngine();
  const tools = await ensureBaseImage(DEBIAN);
  const base = options.base === undefined ? tools : await ensureBaseImage(options.base);
  await bundle();
  say(`Building ${tag} from ${base}`);
  await buildImage({
    tag,
    dockerfile: `${root}docker/Dockerfile`,
    context: root,
    noCache: options.noCache ?? false,
    buildArgs: { BASE_IMAGE: base, TOOLS_IMAGE: tools, VERSION: version },
  });
  return tag;
}

if (import.meta.main) {
  await main(async () => {
    const { values } = parseArgs({ options: { base: { type: "string" }, tag: { type: "string" } } });
    await buildDjinit(values as { base?: string; tag?: string });
    return 0;
  });
}
