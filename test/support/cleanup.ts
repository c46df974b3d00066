import { spawnSync } from "node:child_process";
import { docker, tryDocker } from "./docker-cli.ts";
import { isAlive, RUN_LABEL } from "./run-id.ts";

/** Removes the containers, networks and volumes of one run. */
export async function removeRun(runId: string): Promise<void> {
  await removeWhere((id) => id === runId);
}

/** The same without waiting for anything else, for a process that is about to end. */
export function removeRunAtOnce(runId: string): void {
  const filter = `label=${RUN_LABEL}=${runId}`;
  const script =
    'docker ps -aq --filter "$1" | xargs -r docker rm --force --volumes; ' +
    'docker network ls -q --filter "$1" | xargs -r docker network rm; ' +
    'docker volume ls -q --filter "$1" | xargs -r docker volume rm';
  spawnSync("sh", ["-c", script, "sh", filter], { stdio: "ignore" });
}

/** Removes what runs have left that ended without cleaning up. */
export async function removeDeadRuns(): Promise<void> {
  await removeWhere((id) => !isAlive(id));
}

async function removeWhere(isUnwanted: (runId: string) => boolean): Promise<void> {
  const containers = await labelled(["ps", "--all"], "{{.ID}}", isUnwanted);
  if (containers.length > 0) await tryDocker(["rm", "--force", "--volumes", ...containers]);
  const networks = await labelled(["network", "ls"], "{{.ID}}", isUnwanted);
  if (networks.length > 0) await tryDocker(["network", "rm", ...networks]);
  const volumes = await labelled(["volume", "ls"], "{{.Name}}", isUnwanted);
  if (volumes.length > 0) await tryDocker(["volume", "rm", ...volumes]);
}

async function labelled(
  list: readonly string[],
  field: string,
  isUnwanted: (runId: string) => boolean,
): Promise<string[]> {
  const format = `${field} {{.Label "${RUN_LABEL}"}}`;
  const text = await docker("list what the tests made", [
    ...list,
    "--filter",
    `label=${RUN_LABEL}`,
    "--format",
    format,
  ]);
  const rows = text.split("\n").filter((row) => row !== "");
  return rows
    .map((row) => row.split(" "))
    .filter(([, runId]) => isUnwanted(runId ?? ""))
    .map(([id]) => id as string);
}
