import { dockerEnv, tryDocker } from "../engine/docker.ts";
import { say, secondsSince } from "../engine/say.ts";

export interface ImageBuild {
  tag: string;
  /** Absolute path. */
  dockerfile: string;
  /** Absolute path of the folder that is sent to the engine. */
  context: string;
  buildArgs?: Record<string, string>;
  /** Every step anew. */
  noCache?: boolean;
}

/** A first build downloads packages over a network of unknown speed. */
const BUILD_TIMEOUT_MS = 20 * 60_000;

/** Builds an image and prints one line. The build's own log is shown only if it fails. */
export async function buildImage(build: ImageBuild): Promise<void> {
  const startMs = performance.now();
  // The legacy builder would leave the container of a step that failed.
  const isLegacy = (await dockerEnv()).DOCKER_BUILDKIT === "0";
  const args = ["build", ...(isLegacy ? ["--force-rm"] : []), "--file", build.dockerfile, "--tag", build.tag];
  if (build.noCache === true) args.push("--no-cache");
  for (const [name, value] of Object.entries(build.buildArgs ?? {}))
    args.push("--build-arg", `${name}=${value}`);
  const ran = await tryDocker([...args, build.context], { timeoutMs: BUILD_TIMEOUT_MS });
  if (!ran.ok) {
    const cause = ran.timedOut
      ? `no end after ${BUILD_TIMEOUT_MS / 60_000} minutes`
      : "the log above names the cause";
    process.stderr.write(`${ran.all}\n`);
    throw new Error(`cannot build ${build.tag}: ${cause}`);
  }
  say(`Built ${build.tag} (${secondsSince(startMs)})`);
}
