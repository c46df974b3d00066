// Containers of the example project, on its embedded defaults unless told otherwise.
import { type Container, type RunOptions, runContainer } from "../support/docker.ts";
import { eventually } from "../support/eventually.ts";
import { http } from "../support/http.ts";
import { type Process, processTable } from "../support/proc.ts";
import type { LogRecord } from "../support/records.ts";
import { runContext } from "../support/run-context.ts";

const START_TIMEOUT_MS = 60_000;

/** The least the project needs, with its debug endpoints open and its own database in SQLite. */
const DEFAULTS = { SECRET_KEY: "for-a-test", CAKE_DEBUG_ENDPOINTS: "1" };

export interface CakeOptions extends Partial<RunOptions> {
  /** gunicorn has as many workers as djinit chooses (gunicorn-size.test.ts). Else one: most tests are about something else. */
  sized?: boolean;
}

export const ONE_WORKER = { WEB_CONCURRENCY: "1" };

/** Starts a container of the example project; does not wait for anything. */
export function startCake({ sized, ...options }: CakeOptions = {}): Promise<Container> {
  return runContainer({
    image: runContext().images.example,
    ...options,
    env: { ...DEFAULTS, ...(sized ? {} : ONE_WORKER), ...options.env },
  });
}

/** Starts one and waits until every service is ready. */
export async function startReadyCake(options: CakeOptions = {}): Promise<Container> {
  const container = await startCake(options);
  await container.record("readiness", isReady, START_TIMEOUT_MS);
  return container;
}

export function isReady({ service, msg }: LogRecord): boolean {
  return service === "djinit" && msg.startsWith("ready: ");
}

/** The number of processes of each service that djinit has started so far. */
export async function countStarts(container: Container, target: string): Promise<number> {
  const records = await container.records();
  return records.filter(({ service, msg }) => service === "djinit" && msg === `${target} started`).length;
}

/** The main process of a service, as djinit knows it. Errors: it has none. */
export async function mainPid(container: Container, service: string): Promise<number> {
  const text = await container.output(["djinit", "status", "--json"]);
  const { services } = JSON.parse(text) as { services: { service: string; pid?: number }[] };
  const pid = services.find((it) => it.service === service)?.pid;
  if (pid === undefined) throw new Error(`cannot find a process of ${service}: ${text}`);
  return pid;
}

/** The processes whose parent is `pid`. */
export async function childrenOf(container: Container, pid: number): Promise<Process[]> {
  return (await processTable(container)).filter(({ ppid }) => ppid === pid);
}

/** Waits until the application answers 200 at `path`. */
export async function serves(container: Container, path = "/health/"): Promise<void> {
  await eventually(async () => (await http(await container.url(path))).status === 200, {
    what: `200 at ${path}`,
    timeoutMs: 30_000,
    attach: () => container.logs(),
  });
}

/** Where the first such record is among all of them. Errors: there is none. */
export function positionOf(records: readonly LogRecord[], what: string | RegExp, service?: string): number {
  const at = records.findIndex(
    (record) =>
      (service === undefined || record.service === service) &&
      (typeof what === "string" ? record.msg === what : what.test(record.msg)),
  );
  if (at === -1) throw new Error(`cannot find ${what}: ${records.map(({ msg }) => msg).join("\n")}`);
  return at;
}

/** Waits until a request is on its way to the application. */
export async function isInHand(container: Container): Promise<void> {
  // With sync workers nginx holds a connection to gunicorn's socket only as long: state 03 is «connected».
  const connected = / 03 +\d+ \/run\/gunicorn\/gunicorn\.sock$/m;
  await eventually(async () => connected.test(await container.output(["cat", "/proc/net/unix"])), {
    what: "the request has reached gunicorn",
  });
}
