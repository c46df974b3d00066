// Images of the projects, each by its own Dockerfile.
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { IMAGE_VERSION } from "../../../tools/image/image.ts";
import { buildOnBase } from "../../../tools/image/replaced-base.ts";
import { runContext } from "../../support/run-context.ts";
import type { Project } from "./project.ts";

const FIXTURES = join(import.meta.dirname, "../../fixtures");
const PROJECTS = join(import.meta.dirname, "../../projects");
const BASE = `djinit-test-projects-base:${IMAGE_VERSION}`;

/** djinit's image with what all of them require. The builder's cache makes this quick the second time. */
export function buildProjectsBase(): Promise<void> {
  return buildOnBase({
    tag: BASE,
    context: join(FIXTURES, "projects-base"),
    base: runContext().images.djinit,
  });
}

/** Builds its image from a folder that holds it and the app `board`. Returns the tag. Errors: the build fails. */
export async function buildProjectImage({ name, appsIn = "" }: Project): Promise<string> {
  const tag = `djinit-test-project-${name}:${IMAGE_VERSION}`;
  const context = await mkdtemp(join(tmpdir(), "project-"));
  try {
    await cp(join(PROJECTS, name), context, { recursive: true });
    await cp(join(FIXTURES, "board"), join(context, appsIn, "board"), { recursive: true });
    await buildOnBase({ tag, context, base: BASE });
    return tag;
  } finally {
    await rm(context, { recursive: true });
  }
}
