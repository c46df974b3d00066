// A web container of one of the designs, and how long it takes until it answers.
import { createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { type Container, type RunOptions, runContainer } from "../support/docker.ts";
import { docker } from "../support/docker-cli.ts";
import { http } from "../support/http.ts";
import { runContext } from "../support/run-context.ts";

/** Short against every figure, long enough not to take the processor from what is measured. */
const POLL_PERIOD_MS = 10;
const ANSWER_TIMEOUT_MS = 60_000;

export interface WebStart {
  container: Container;
  /** From the call of `docker run` to the first 200. */
  totalMs: number;
  /** From the start of PID 1 to the first 200: without the engine's own work. */
  insideMs: number;
}

/** Starts a web container of the example project and waits for its first 200 on `/`. Errors: none within a minute; with the log. */
export function startWeb(image: string, env: Record<string, string>): Promise<WebStart> {
  // As many workers as the designs that it is compared with.
  return startAnswering({ image, env: { SECRET_KEY: "bench", WEB_CONCURRENCY: "1", ...env } });
}

/** The same of any container that listens at port 8000. */
export async function startAnswering(options: RunOptions): Promise<WebStart> {
  const port = await freePort();
  const startedMs = performance.now();
  const container = await runContainer({
    ...options,
    publish: [],
    more: ["--publish", `127.0.0.1:${port}:8000`, ...(options.more ?? [])],
  });
  // Not before: the host would ask a network that is not there yet for the container's address, and asks again only
  // after a second, which all that is sent meanwhile waits for. No design answers before `docker run` returns.
  while (!(await answers(`http://127.0.0.1:${port}/`))) {
    if (performance.now() - startedMs > ANSWER_TIMEOUT_MS)
      throw new Error(
        `cannot get an answer of ${options.image} within ${ANSWER_TIMEOUT_MS} ms\n${await container.logs()}`,
      );
    await delay(POLL_PERIOD_MS);
  }
  const [totalMs, answeredAtMs] = [performance.now() - startedMs, Date.now()];
  return { container, totalMs, insideMs: answeredAtMs - (await startedAtMs(container)) };
}

/** An example project that finds its database as it should be: nothing but the services to start. */
export function settledEnv(databaseUrl: string): Record<string, string> {
  return { DATABASE_URL: databaseUrl, SKIP_MIGRATIONS: "1" };
}

/** Makes the tables and the superuser in a database, by djinit's own image. */
export async function migrate(databaseUrl: string, superuserPassword: string): Promise<void> {
  const { container } = await startWeb(runContext().images.example, {
    DATABASE_URL: databaseUrl,
    SUPERUSER_PASSWORD: superuserPassword,
  });
  await container.rm();
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await http(url, { timeoutMs: 5_000 })).status === 200;
  } catch {
    return false;
  }
}

async function startedAtMs(container: Container): Promise<number> {
  const text = await docker("inspect a container", [
    "inspect",
    "--format",
    "{{.State.StartedAt}}",
    container.id,
  ]);
  return Date.parse(text);
}

/** Known before the container is, so that its first answer is not missed. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject).listen({ port: 0, host: "127.0.0.1" }, resolve);
  await promise;
  const { port } = server.address() as { port: number };
  await new Promise((done) => server.close(done));
  return port;
}
