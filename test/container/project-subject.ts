// Containers of the example project with files of the test's own: a fixture project in /app, nginx files, whatever.
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { type Container, createContainer } from "../support/docker.ts";
import { docker } from "../support/docker-cli.ts";
import { runContext } from "../support/run-context.ts";
import { type CakeOptions, isReady, ONE_WORKER } from "./cake-subject.ts";

const START_TIMEOUT_MS = 60_000;

export interface ProjectOptions extends CakeOptions {
  /** The folder of test/fixtures that is laid into /app. */
  fixture?: string;
  /** Absolute path in the container → content. */
  files?: Record<string, string>;
  /** The same, for files that everybody may execute. */
  programs?: Record<string, string>;
}

/** Starts a container; does not wait for anything. */
export async function startProject(options: ProjectOptions = {}): Promise<Container> {
  const { fixture, files, programs, sized, ...rest } = options;
  const container = await createContainer({
    image: runContext().images.example,
    publish: [],
    ...rest,
    env: { SECRET_KEY: "for-a-test", ...(sized ? {} : ONE_WORKER), ...rest.env },
  });
  await copyInto(container, fixture, [
    ...Object.entries(files ?? {}).map(([path, content]) => ({ path, content, mode: 0o644 })),
    ...Object.entries(programs ?? {}).map(([path, content]) => ({ path, content, mode: 0o755 })),
  ]);
  await docker(`start ${container.name}`, ["start", container.id]);
  return container;
}

/** Starts one and waits until every service is ready. */
export async function startReadyProject(options: ProjectOptions = {}): Promise<Container> {
  const container = await startProject(options);
  await container.record("readiness", isReady, START_TIMEOUT_MS);
  return container;
}

async function copyInto(
  container: Container,
  fixture: string | undefined,
  files: readonly { path: string; content: string; mode: number }[],
): Promise<void> {
  if (fixture === undefined && files.length === 0) return;
  const directory = await mkdtemp(join(tmpdir(), "project-subject-"));
  try {
    if (fixture !== undefined) {
      const from = join(import.meta.dirname, "../fixtures", fixture);
      await cp(from, join(directory, "app"), { recursive: true });
    }
    for (const { path, content, mode } of files) {
      await mkdir(dirname(join(directory, path)), { recursive: true });
      await writeFile(join(directory, path), content, { mode });
    }
    // Whatever the umask here: `docker cp` keeps the modes.
    await promisify(execFile)("chmod", ["-R", "u=rwX,go=rX", directory]);
    await docker("copy the files", ["cp", `${directory}/.`, `${container.id}:/`]);
  } finally {
    await rm(directory, { recursive: true });
  }
}
