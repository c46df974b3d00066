// Images of the example project with a fixture in it, built as a project's own Dockerfile would.
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildImage } from "../../tools/image/build-image.ts";
import { IMAGE_VERSION } from "../../tools/image/image.ts";
import { runContext } from "../support/run-context.ts";

export interface ProjectImage {
  /** The folder of test/fixtures that is laid into /app; also the name of the image. */
  fixture: string;
  settings: string;
  /** More files, by their path under /app. */
  files?: Record<string, string>;
  /** Where one fixture is built in several ways. */
  variant?: string;
}

/** Builds it, with the manifest of its migrations. Returns its tag. Errors: the build fails. */
export async function buildProject(project: ProjectImage): Promise<string> {
  const { fixture, settings, files = {}, variant = "plain" } = project;
  const tag = `djinit-test-${fixture}-${variant}:${IMAGE_VERSION}`;
  const context = await mkdtemp(join(tmpdir(), "project-image-"));
  try {
    await cp(join(import.meta.dirname, "../fixtures", fixture), join(context, "app"), { recursive: true });
    for (const [path, content] of Object.entries(files)) await writeFile(join(context, "app", path), content);
    const dockerfile = join(context, "Dockerfile");
    const lines = [
      `FROM ${runContext().images.example}`,
      "COPY app /app",
      `ENV DJANGO_SETTINGS_MODULE=${settings}`,
      "RUN chmod -R go+rX /app && SECRET_KEY=manifest-only djinit manifest",
    ];
    await writeFile(dockerfile, `${lines.join("\n")}\n`);
    await buildImage({ tag, dockerfile, context });
    return tag;
  } finally {
    await rm(context, { recursive: true });
  }
}
