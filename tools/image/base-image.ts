import { fileURLToPath } from "node:url";
import { causeOf } from "../engine/command.ts";
import { imageExists, tryDocker } from "../engine/docker.ts";
import { say, secondsSince } from "../engine/say.ts";
import { buildImage } from "./build-image.ts";
import { makeDebianStandIn } from "./debian-stand-in.ts";

export const DEBIAN = "debian:trixie-slim";
const PYTHON = "python:3.14-slim-trixie";
/** Its own name, since it differs more from the official image than the Debian stand-in does. */
const PYTHON_STAND_IN = "python-stand-in:3.14-slim-trixie";
/** Long enough for a slow line, short enough for a network that swallows packets. */
const PULL_TIMEOUT_MS = 3 * 60_000;

const standInsDir = fileURLToPath(new URL("../stand-ins/", import.meta.url));

/**
 * Makes sure that a base image exists locally: it is there already, or pulled, or, if no registry can be reached, replaced by
 * a stand-in from Debian's archive. Returns the name to build FROM. Errors: none of the three is possible.
 */
export async function ensureBaseImage(name: string): Promise<string> {
  if (await imageExists(name)) return name;
  if (name === PYTHON && (await imageExists(PYTHON_STAND_IN))) return PYTHON_STAND_IN;
  const cause = await pull(name);
  if (cause === undefined) return name;
  if (name === DEBIAN) return makeStandIn(name, cause);
  if (name === PYTHON) return makePythonStandIn(cause);
  throw new Error(`cannot pull ${name}: ${cause}; load it with \`docker load\`, or name another with --base`);
}

/** Pulls an image. Returns why it could not be pulled. */
async function pull(name: string): Promise<string | undefined> {
  const startMs = performance.now();
  const ran = await tryDocker(["pull", "--quiet", name], { timeoutMs: PULL_TIMEOUT_MS });
  if (!ran.ok) return causeOf(ran);
  say(`Pulled ${name} (${secondsSince(startMs)})`);
  return undefined;
}

async function makeStandIn(name: string, cause: string): Promise<string> {
  say(`Cannot pull ${name}: ${cause}`);
  say(`Making a stand-in for ${name} from Debian's archive`);
  const startMs = performance.now();
  await makeDebianStandIn(name);
  say(`Made the stand-in ${name} (${secondsSince(startMs)})`);
  return name;
}

async function makePythonStandIn(cause: string): Promise<string> {
  say(`Cannot pull ${PYTHON}: ${cause}`);
  say(`Making a stand-in for ${PYTHON} from Debian's archive`);
  await ensureBaseImage(DEBIAN);
  await buildImage({
    tag: PYTHON_STAND_IN,
    dockerfile: `${standInsDir}python.Dockerfile`,
    context: standInsDir,
  });
  return PYTHON_STAND_IN;
}
