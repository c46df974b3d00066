import { randomBytes } from "node:crypto";
import { Container } from "./container.ts";
import { docker } from "./docker-cli.ts";
import { runContext } from "./run-context.ts";
import { RUN_LABEL } from "./run-id.ts";

export { Container } from "./container.ts";

export interface RunOptions {
  image: string;
  command?: readonly string[];
  env?: Record<string, string>;
  /** Default: a name of its own. Other containers reach it by this name. */
  name?: string;
  entrypoint?: string;
  user?: string;
  /** Default: the run's network. `none` and `bridge` are docker's own. */
  network?: string;
  /** Container ports that get a port of 127.0.0.1 each; default 8000. */
  publish?: readonly number[];
  /** `/run` or `/run:size=1m`. */
  tmpfs?: readonly string[];
  /** `<absolute path or volume>:<path in the container>[:ro]`. */
  volumes?: readonly string[];
  /** docker's own init as PID 1, so that the image's entrypoint is not. */
  init?: boolean;
  tty?: boolean;
  stopSignal?: string;
  /** Anything else `docker run` takes, before the image's name. */
  more?: readonly string[];
}

/**
 * Starts a container that is removed at the end of the test run at the latest. Values of `env` are not among docker's
 * arguments. Errors: docker's own.
 */
export async function runContainer(options: RunOptions): Promise<Container> {
  const name = options.name ?? uniqueName();
  const id = await docker(`run ${options.image}`, ["run", "--detach", ...runArguments(name, options)], {
    ...(options.env === undefined ? {} : { env: options.env }),
  });
  return new Container(id, name);
}

/** Like `runContainer`, but the container is not started: `docker start` is the caller's. */
export async function createContainer(options: RunOptions): Promise<Container> {
  const name = options.name ?? uniqueName();
  const id = await docker(`create ${options.image}`, ["create", ...runArguments(name, options)], {
    ...(options.env === undefined ? {} : { env: options.env }),
  });
  return new Container(id, name);
}

function runArguments(name: string, options: RunOptions): string[] {
  const { runId, network } = runContext();
  const args = ["--name", name, "--label", `${RUN_LABEL}=${runId}`, "--network", options.network ?? network];
  for (const port of options.publish ?? [8000]) args.push("--publish", `127.0.0.1::${port}`);
  for (const variable of Object.keys(options.env ?? {})) args.push("--env", variable);
  for (const mount of options.tmpfs ?? []) args.push("--tmpfs", mount);
  for (const volume of options.volumes ?? []) args.push("--volume", volume);
  if (options.entrypoint !== undefined) args.push("--entrypoint", options.entrypoint);
  if (options.user !== undefined) args.push("--user", options.user);
  if (options.stopSignal !== undefined) args.push("--stop-signal", options.stopSignal);
  if (options.init === true) args.push("--init");
  if (options.tty === true) args.push("--tty");
  return [...args, ...(options.more ?? []), options.image, ...(options.command ?? [])];
}

function uniqueName(): string {
  return `djinit-test-${randomBytes(5).toString("hex")}`;
}
