// A web container around test/fixtures/echo-wsgi, with files of the test's own, and the requests to make of it.
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { type Container, createContainer } from "../support/docker.ts";
import { docker } from "../support/docker-cli.ts";
import { eventually } from "../support/eventually.ts";
import { type LogRecord, targetOf } from "../support/records.ts";
import { runContext } from "../support/run-context.ts";
import { type Answer, type Ask, rawRequest } from "./raw-request.ts";

const APPLICATION = join(import.meta.dirname, "../fixtures/echo-wsgi");
const START_TIMEOUT_MS = 30_000;

/** Absolute path in the container → content. */
export type Files = Record<string, string | Buffer>;

/** What echo-wsgi says it received. */
export interface Echo {
  method: string;
  path: string;
  scriptName: string;
  scheme: string;
  remoteAddress: string;
  bodyBytes: number;
  /** Names in lower case. */
  headers: Record<string, string>;
}

export interface NginxSubject {
  /** Sends the path as it is given: nothing is normalised. */
  ask(path: string, ask?: Ask): Promise<Answer>;
  /** What reached the application. Errors: the answer is not the application's. */
  echo(path: string, ask?: Ask): Promise<Echo>;
  /** The access log's records of the requests for this path, once there are `count` of them. */
  records(path: string, count?: number): Promise<LogRecord[]>;
  /** Everything the container wrote. */
  logs(): Promise<string>;
  remove(): Promise<void>;
  container: Container;
}

/** Starts the container and waits until it answers on `port`. `more`: further ports. */
export async function startSubject(
  files: Files = {},
  port = 8000,
  image = runContext().images.djinit,
  env: Record<string, string> = {},
  more: readonly number[] = [],
): Promise<NginxSubject> {
  const container = await createContainer({
    image,
    command: ["echo:application"],
    env: { SKIP_MIGRATIONS: "1", ...env },
    publish: [port, ...more],
  });
  await docker("copy the application", ["cp", `${APPLICATION}/.`, `${container.id}:/app/`]);
  await copyFiles(container, files);
  await docker("start the subject", ["start", container.id]);
  const hostPort = await container.port(port);
  const ask = (path: string, options?: Ask) => rawRequest(hostPort, path, options);
  await eventually(async () => (await ask("/ready")).status === 200, {
    what: `an answer on port ${port}`,
    timeoutMs: START_TIMEOUT_MS,
    attach: () => container.logs(),
  });
  return {
    ask,
    echo: async (path, options) => JSON.parse((await ask(path, options)).body.toString()) as Echo,
    records: (path, count = 1) => accessRecords(container, path, count),
    logs: () => container.logs(),
    remove: () => container.rm(),
    container,
  };
}

async function copyFiles(container: Container, files: Files): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "nginx-subject-"));
  try {
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(directory, path)), { recursive: true });
      await writeFile(join(directory, path), content);
    }
    // Whatever the umask here: `docker cp` keeps the modes.
    await promisify(execFile)("chmod", ["-R", "u=rwX,go=rX", directory]);
    await docker("copy the files", ["cp", `${directory}/.`, `${container.id}:/`]);
  } finally {
    await rm(directory, { recursive: true });
  }
}

function accessRecords(container: Container, path: string, count: number): Promise<LogRecord[]> {
  return eventually(
    async () => {
      const records = (await container.records()).filter((record) => targetOf(record) === path);
      if (records.length < count) throw new Error(`there are ${records.length}`);
      return records;
    },
    { what: `${count} records of ${path}`, attach: () => container.logs() },
  );
}
