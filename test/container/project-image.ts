// Images of the example project with a fixture in it, built as a project's own Dockerfile would.
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { buildImage } from "../../tools/image/build-image.ts";
import { IMAGE_VERSION } from "../../tools/image/image.ts";
import { runContext } from "../support/run-context.ts";

export interface ProjectImage {
  /** The folder of test/fixtures that is laid into /app; also the name of the image. */
  fixture: string;
  settings: string;
  /** More files, by their path under /app. */
  files?: Record<string, string>;
  /** From PyPI. */
  packages?: string[];
  /** More variables of the image. */
  env?: Record<string, string>;
  /** Where one fixture is built in several ways. */
  variant?: string;
}

/** Builds it, with the manifest of its migrations. Returns its tag. Errors: the build fails. */
export async function buildProject(project: ProjectImage): Promise<string> {
  const { fixture, settings, files = {}, packages = [], env = {}, variant = "plain" } = project;
  const tag = `djinit-test-${fixture}-${variant}:${IMAGE_VERSION}`;
  const context = await mkdtemp(join(tmpdir(), "project-image-"));
  try {
    await cp(join(import.meta.dirname, "../fixtures", fixture), join(context, "app"), { recursive: true });
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(context, "app", path)), { recursive: true });
      await writeFile(join(context, "app", path), content);
    }
    const dockerfile = join(context, "Dockerfile");
    const lines = [
      `FROM ${runContext().images.example}`,
      // Before the files: all images of a test share this layer.
      ...(packages.length === 0 ? [] : [`RUN pip install ${packages.join(" ")}`]),
      "COPY app /app",
      ...Object.entries(env).map(([name, value]) => `ENV ${name}=${value}`),
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

/** The example project's image with no manifest in it: Django has to look for migrations. Returns its tag. */
export async function exampleWithoutManifest(): Promise<string> {
  const tag = `djinit-test-without-manifest:${IMAGE_VERSION}`;
  const context = await mkdtemp(join(tmpdir(), "project-image-"));
  try {
    const dockerfile = join(context, "Dockerfile");
    await writeFile(
      dockerfile,
      `FROM ${runContext().images.example}\nRUN rm /var/lib/djinit/manifest.json\n`,
    );
    await buildImage({ tag, dockerfile, context });
    return tag;
  } finally {
    await rm(context, { recursive: true });
  }
}
