import { createServer } from "node:net";
import { docker, tryDocker } from "../engine/docker.ts";
import { say } from "../engine/say.ts";
import type { DemoContainer, DemoPlan } from "./plan.ts";

const LABEL = "org.djinit.demo";
const NETWORK = "djinit-demo";
/** Longer than djinit's own grace period of 25 s, so that djinit ends the container, not docker. */
const STOP_TIMEOUT_S = 35;
/** Its own session: a second Ctrl-C must reach the demo, not docker. */
const apart = { apart: true } as const;

/** Removes the containers of an earlier demo. Errors: a container has one of the names and is no demo's. */
export async function removeEarlier(plan: DemoPlan): Promise<void> {
  const ids = await labelled();
  if (ids.length > 0) say("Replacing the containers of an earlier demo");
  await removeAll();
  for (const { name } of plan.containers) {
    if ((await tryDocker(["container", "inspect", name], apart)).ok) {
      throw new Error(
        `cannot start the demo: a container named ${name} exists that no demo made; remove it with \`docker rm -f ${name}\``,
      );
    }
  }
}

/** Errors: something listens on that port of 127.0.0.1 already. */
export async function assertPortIsFree(port: number): Promise<void> {
  const server = createServer();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(port, "127.0.0.1", () => server.close(() => resolve()));
  await promise.catch((error: NodeJS.ErrnoException) => {
    const cause = error.code === "EADDRINUSE" ? "it is taken" : error.message;
    throw new Error(
      `cannot listen on port ${port}: ${cause}; choose another with \`npm run demo -- --port N\``,
    );
  });
}

export async function createNetwork(): Promise<void> {
  await docker(`create the network ${NETWORK}`, ["network", "create", "--label", LABEL, NETWORK], apart);
}

/** Starts a container. Errors: docker's own. */
export async function startContainer(container: DemoContainer, plan: DemoPlan): Promise<void> {
  const args = ["run", "--detach", "--name", container.name, "--label", LABEL];
  if (plan.network) args.push("--network", NETWORK);
  if (container.publish !== undefined) args.push("--publish", `127.0.0.1:${container.publish}:8000`);
  for (const name of Object.keys(container.env)) args.push("--env", name);
  await docker(`start ${container.name}`, [...args, container.image, ...container.command], {
    ...apart,
    env: container.env,
  });
}

/** Resolves with a container's exit status when it ends. */
export async function exitStatus(container: DemoContainer): Promise<number> {
  const ran = await tryDocker(["wait", container.name], apart);
  return ran.ok ? Number(ran.stdout) : 1;
}

/** Stops containers side by side: TERM, and after 35 s KILL. */
export async function stopContainers(containers: readonly DemoContainer[]): Promise<void> {
  await tryDocker(["stop", "--time", String(STOP_TIMEOUT_S), ...containers.map(({ name }) => name)], apart);
}

export async function killContainers(containers: readonly DemoContainer[]): Promise<void> {
  await tryDocker(["kill", ...containers.map(({ name }) => name)], apart);
}

/** Removes every container, with its volumes, and the network of a demo. */
export async function removeAll(): Promise<void> {
  const ids = await labelled();
  if (ids.length > 0)
    await docker("remove the demo's containers", ["rm", "--force", "--volumes", ...ids], apart);
  if ((await tryDocker(["network", "inspect", NETWORK], apart)).ok) {
    await docker(`remove the network ${NETWORK}`, ["network", "rm", NETWORK], apart);
  }
}

async function labelled(): Promise<string[]> {
  const args = ["ps", "--all", "--quiet", "--filter", `label=${LABEL}`];
  const ids = await docker("list the demo's containers", args, apart);
  return ids.split("\n").filter((id) => id !== "");
}
