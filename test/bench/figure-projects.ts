// The second start of each project of test/projects: what djinit's look at the database costs it.

import { PROJECTS } from "../container/projects/all.ts";
import { buildProjectImage, buildProjectsBase } from "../container/projects/build.ts";
import type { Project } from "../container/projects/project.ts";
import { createDatabase } from "../support/postgres.ts";
import { startRedis } from "../support/redis.ts";
import type { Comparison, Goal } from "./comparison.ts";
import type { BenchOptions } from "./options.ts";
import { measureInTurn } from "./pairs.ts";
import { type PathTaken, pathTaken } from "./path-taken.ts";
import { usedByAllSeconds } from "./processor-time.ts";
import { startWeb } from "./web-container.ts";

const MOST = 1.15;
const SUPERUSER_PASSWORD = "bench-password";

/** For each project: a start with nothing pending against one that does not look at the database. */
export async function measureProjects(
  pairs: number,
  { projects: names }: Pick<BenchOptions, "projects">,
): Promise<Comparison[]> {
  const unknown = names.find((name) => !PROJECTS.some((project) => project.name === name));
  if (unknown !== undefined) throw new Error(`cannot measure ${unknown}: test/projects has no such project`);
  const wanted = PROJECTS.filter(({ name }) => names.length === 0 || names.includes(name));
  await buildProjectsBase();
  const redis = await startRedis();
  try {
    const comparisons: Comparison[] = [];
    for (const project of wanted) comparisons.push(...(await measureProject(project, redis.url, pairs)));
    return comparisons;
  } finally {
    await redis.container.rm();
  }
}

async function measureProject(project: Project, redis: string, pairs: number): Promise<Comparison[]> {
  const image = await buildProjectImage(project);
  const env = project.env({
    database: await createDatabase(),
    secondDatabase: await createDatabase(),
    redis,
  });
  const looking = { ...env, SUPERUSER_PASSWORD };
  const { container } = await startWeb(image, looking);
  await container.rm();
  const { a, b } = await measureInTurn(
    `second start of ${project.name}`,
    pairs,
    () => measureStart(image, looking),
    () => measureStart(image, { ...env, SKIP_MIGRATIONS: "1" }),
  );
  const paths = [...new Set(a.map(({ path }) => path))].join(", ");
  const row = (what: string, secondsOf: (start: Start) => number): Comparison => ({
    what: `second start of ${project.name} (${paths})${what}`,
    unit: "s",
    other: "with SKIP_MIGRATIONS=1, no superuser",
    djinitSamples: a.map(secondsOf),
    otherSamples: b.map(secondsOf),
  });
  const isMet: Goal["isMet"] = ({ djinit, other }) => djinit.median <= MOST * other.median;
  return [
    { ...row("", ({ seconds }) => seconds), goal: { text: `at most ${MOST} of it`, isMet } },
    // What the machine does beside takes no part in it.
    row(", processor time", ({ processorSeconds }) => processorSeconds),
  ];
}

interface Start {
  seconds: number;
  processorSeconds: number;
  path: PathTaken;
}

async function measureStart(image: string, env: Record<string, string>): Promise<Start> {
  const { container, totalMs } = await startWeb(image, env);
  const processorSeconds = await usedByAllSeconds(container);
  const path = pathTaken(await container.logs());
  await container.rm();
  return { seconds: totalMs / 1000, processorSeconds, path };
}
