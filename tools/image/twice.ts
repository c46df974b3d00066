// npm run image:twice [-- --base IMAGE]: two builds of one state, without the builder's cache, have the same layers.
import { parseArgs } from "node:util";
import { tryDocker } from "../engine/docker.ts";
import { main, say } from "../engine/say.ts";
import { buildDjinit } from "./image.ts";

const TAGS = ["djinit:first-build", "djinit:second-build"] as const;

/** Digests of what the layers hold, the base's first. Errors: the engine knows no such image. */
async function layersOf(tag: string): Promise<string[]> {
  const ran = await tryDocker(["image", "inspect", "--format", "{{json .RootFS.Layers}}", tag]);
  if (!ran.ok) throw new Error(`cannot look at ${tag}: ${ran.all}`);
  return JSON.parse(ran.stdout) as string[];
}

await main(async () => {
  const { values } = parseArgs({ options: { base: { type: "string" } } });
  const [first = [], second = []] = [
    await layersOf(await buildDjinit({ ...values, tag: TAGS[0], noCache: true })),
    await layersOf(await buildDjinit({ ...values, tag: TAGS[1], noCache: true })),
  ];
  const different = first.flatMap((digest, at) => (digest === second[at] ? [] : [at + 1]));
  const isSame = different.length === 0 && first.length === second.length;
  if (isSame) {
    say(`Both builds have the same ${first.length} layers; the last is ${first.at(-1)}`);
    await tryDocker(["image", "rm", ...TAGS]);
    return 0;
  }
  say(`Of ${first.length} and ${second.length} layers these differ: ${different.join(", ")}`);
  say(`The images stay as ${TAGS.join(" and ")}, to be compared`);
  return 1;
});
