import { docker } from "./docker-cli.ts";
import { RUN_LABEL } from "./run-id.ts";

/** Makes the run's network. Returns its name. */
export async function createNetwork(runId: string): Promise<string> {
  const name = `djinit-test-${runId}`;
  await docker(`create the network ${name}`, ["network", "create", "--label", `${RUN_LABEL}=${runId}`, name]);
  return name;
}
