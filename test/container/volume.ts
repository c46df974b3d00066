import { docker } from "../support/docker-cli.ts";
import { runContext } from "../support/run-context.ts";
import { RUN_LABEL } from "../support/run-id.ts";

/** A volume with what `script` makes in it, as root. */
export async function makeVolume(script: string): Promise<string> {
  const { images, runId } = runContext();
  const name = await docker("make a volume", ["volume", "create", "--label", `${RUN_LABEL}=${runId}`]);
  const mount = ["--volume", `${name}:/volume`, "--workdir", "/volume", "--entrypoint", "sh"];
  await docker("fill it", ["run", "--rm", ...mount, images.djinit, "-ec", script]);
  return name;
}
