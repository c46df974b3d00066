import { chooseBuilder } from "./builder.ts";
import { causeOf, type Ran, type RunOptions, run } from "./command.ts";

let chosen: Promise<Record<string, string>> | undefined;

/** The environment of every docker call, with a builder that both this engine and this client support. */
export function dockerEnv(): Promise<Record<string, string>> {
  chosen ??= chooseEnv();
  return chosen;
}

async function chooseEnv(): Promise<Record<string, string>> {
  const env: Record<string, string> = { BUILDKIT_PROGRESS: "plain", DOCKER_CLI_HINTS: "false" };
  if (process.env.DOCKER_BUILDKIT !== undefined) return env;
  const [engine, buildx] = await Promise.all([
    run("docker", ["version", "--format", "{{.Server.Version}}"]),
    run("docker", ["buildx", "version"]),
  ]);
  if (!engine.ok) {
    // Not remembered: an engine may be about to start.
    chosen = undefined;
    return env;
  }
  const builder = chooseBuilder({ version: engine.stdout, buildx: buildx.ok });
  return builder === undefined ? env : { ...env, DOCKER_BUILDKIT: builder };
}

/** Runs the docker CLI and returns the result. Never throws. */
export async function tryDocker(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  return run("docker", args, { ...options, env: { ...(await dockerEnv()), ...options.env } });
}

/** Runs the docker CLI and returns its stdout. Errors: `cannot <what>: <cause>`. */
export async function docker(
  what: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const ran = await tryDocker(args, options);
  if (!ran.ok) throw new Error(`cannot ${what}: ${causeOf(ran)}`);
  return ran.stdout;
}

/** Whether a local image of that name exists. */
export async function imageExists(name: string): Promise<boolean> {
  return (await tryDocker(["image", "inspect", name])).ok;
}
