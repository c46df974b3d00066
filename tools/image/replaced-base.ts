import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildImage } from "./build-image.ts";

/** Builds a project by its Dockerfile, with another image in `FROM`. Errors: it is not FROM djinit, or the build fails. */
export async function buildOnBase(build: { tag: string; context: string; base: string }): Promise<void> {
  const { tag, context, base } = build;
  const text = readFileSync(join(context, "Dockerfile"), "utf8");
  const replaced = text.replace(/^FROM djinit$/m, `FROM ${base}`);
  if (replaced === text)
    throw new Error(`cannot build ${context} on ${base}: its Dockerfile is not FROM djinit`);
  const folder = mkdtempSync(join(tmpdir(), "djinit-build-"));
  try {
    const dockerfile = join(folder, "Dockerfile");
    writeFileSync(dockerfile, replaced);
    await buildImage({ tag, dockerfile, context });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
