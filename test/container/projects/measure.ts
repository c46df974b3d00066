// A project's life: it is built, started on an empty database as three containers, stopped, and started again as one
// that may write nowhere but to /run, /tmp and its uploads, and that is told to reload under load.
import { type Container, type RunOptions, runContainer } from "../../support/docker.ts";
import { docker } from "../../support/docker-cli.ts";
import { createDatabase } from "../../support/postgres.ts";
import { runContext } from "../../support/run-context.ts";
import { RUN_LABEL } from "../../support/run-id.ts";
import { startedDjango } from "../release-subject.ts";
import { openSocket } from "../websocket-client.ts";
import { buildProjectImage } from "./build.ts";
import { Seen } from "./cells.ts";
import type { Project } from "./project.ts";
import { reloadUnderLoad } from "./reload.ts";
import { loudIn, talk, waitUntilReady } from "./said.ts";
import { askForTask, fetchStylesheet, logIn, lookAtPage, PASSWORD, upload, waitForBeat } from "./visitor.ts";

const CELERY: NonNullable<Project["processes"]> = {
  worker: ["celery", "worker"],
  beat: ["celery", "beat"],
  beside: { CELERY_WORKER: "1", CELERY_BEAT: "1" },
};

export async function measure(project: Project, redis: string): Promise<Seen> {
  const seen = new Seen();
  let image = "";
  const isBuilt = await seen.show("build", async () => {
    image = await buildProjectImage(project);
  });
  if (!isBuilt) return seen;

  const [database, secondDatabase] = [await createDatabase(), await createDatabase()];
  const env = { ...project.env({ database, secondDatabase, redis }), SUPERUSER_PASSWORD: PASSWORD };
  const uploads = `${await createVolume()}:${project.media ?? "/app/media"}`;
  const { worker, beat, beside } = project.processes ?? CELERY;
  const start = (more: Partial<RunOptions> = {}) =>
    runContainer({ image, ...more, env: { ...env, ...more.env }, volumes: [uploads] });
  const containers: Container[] = [];
  try {
    containers.push(
      ...(await Promise.all([
        start(),
        start({ command: worker, publish: [] }),
        start({ command: beat, publish: [] }),
      ])),
    );
    await firstStart(seen, project, containers as [Container, Container, Container]);
    const statuses = await stopAll(containers);
    const again = await start({ env: beside, tmpfs: ["/run", "/tmp"], more: ["--read-only"] });
    containers.push(again);
    if (seen.isTrue("page")) await secondStart(seen, project, again);
    statuses.push(...(await stopAll([again])));

    await seen.show("quiet", async () => {
      const loud = (await Promise.all(containers.map(loudIn))).flat();
      if (loud.length > 0) throw new Error(loud.join("\n"));
    });
    await seen.show("stop", async () => {
      if (statuses.some((status) => status !== 0)) throw new Error(`exit statuses: ${statuses.join(", ")}`);
    });
    return seen;
  } finally {
    await Promise.all(containers.map((container) => container.rm()));
  }
}

async function firstStart(
  seen: Seen,
  project: Project,
  [web, worker, beat]: [Container, Container, Container],
): Promise<void> {
  const isThere = await seen.show("page", async () => {
    await waitUntilReady(web);
    await lookAtPage(web);
    if (project.socket !== undefined) (await openSocket(web, project.socket)).close();
  });
  if (!isThere) return;
  await seen.show("static", () => fetchStylesheet(web));
  await seen.show("media", () => upload(web));
  await seen.show("admin", () => logIn(web, project.login ?? "admin"));
  await seen.show("levels", async () => {
    await talk(web, project);
    await Promise.all([worker.records(), beat.records()]);
  });
  await seen.show("worker", () => askForTask(web, worker));
  await seen.show("beat", () => waitForBeat(web, beat));
}

async function secondStart(seen: Seen, { server }: Project, web: Container): Promise<void> {
  let isThere = false;
  await seen.show("read-only", async () => {
    await waitUntilReady(web);
    isThere = true;
    await lookAtPage(web);
    await upload(web);
    await askForTask(web, web);
    await waitForBeat(web, web);
  });
  if (!isThere) return;
  await seen.show("again", async () => {
    if (startedDjango(await web.records())) throw new Error(`Django was started:\n${await web.logs()}`);
  });
  await seen.show("reload", () => reloadUnderLoad(web, server));
}

async function stopAll(containers: readonly Container[]): Promise<number[]> {
  return Promise.all(containers.map((container) => container.stop()));
}

async function createVolume(): Promise<string> {
  return docker("make a volume", ["volume", "create", "--label", `${RUN_LABEL}=${runContext().runId}`]);
}
