// Three Docker engines, each in a container, joined to one Swarm. The outer engine knows nothing of it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { ensureServiceImage } from "../../../tools/image/service-image.ts";
import { docker, type Ran, tryDocker } from "../../support/docker-cli.ts";
import { eventually } from "../../support/eventually.ts";
import { runContext } from "../../support/run-context.ts";
import { RUN_LABEL } from "../../support/run-id.ts";

/** What an engine needs short of being privileged, which not every machine allows. */
const CAPABILITIES = ["SYS_ADMIN", "NET_ADMIN", "SYS_CHROOT", "MKNOD", "SYS_PTRACE", "IPC_LOCK"];
const UNCONFINED = ["seccomp=unconfined", "apparmor=unconfined", "systempaths=unconfined"];
/** Overlay networks set kernel parameters of their namespaces. */
const START = "mount -o remount,rw /proc/sys; exec dockerd";
const PATIENCE = { timeoutMs: 60_000, intervalMs: 500 };

export interface Node {
  name: string;
  /** Runs a command on the node. Errors: it fails. */
  run(words: readonly string[], options?: { input?: string; env?: Record<string, string> }): Promise<string>;
  tryRun(words: readonly string[]): Promise<Ran>;
  /** As when its power fails. */
  kill(): Promise<void>;
}

export interface Swarm {
  /** The first one is the manager. */
  nodes: [Node, Node, Node];
  /** Where the manager's port 80 can be reached. */
  url: string;
  /** Brings images of the outer engine to every node, and those that only the manager runs. */
  load(images: readonly string[], managers: readonly string[]): Promise<void>;
  remove(): Promise<void>;
}

/** Errors: an engine does not start; with its log. */
export async function startSwarm(): Promise<Swarm> {
  const image = await ensureServiceImage("swarm-node");
  const names = [1, 2, 3].map((number) => `node${number}`);
  const nodes = (await Promise.all(names.map((name) => startNode(image, name)))) as Swarm["nodes"];
  const [manager, ...workers] = nodes;
  await manager.run(["docker", "swarm", "init", "--advertise-addr", "eth0"]);
  const token = (await manager.run(["docker", "swarm", "join-token", "--quiet", "worker"])).trim();
  for (const worker of workers)
    await worker.run(["docker", "swarm", "join", "--token", token, `${idOf("node1")}:2377`]);
  const port = /:(\d+)$/m.exec(await docker("find the port", ["port", idOf("node1"), "80"]))?.[1];
  return {
    nodes,
    url: `http://127.0.0.1:${port}`,
    load: async (images, managers) => {
      for (const { name } of nodes)
        await loadImages(name, name === manager.name ? [...images, ...managers] : images);
    },
    remove: async () => {
      await tryDocker(["rm", "--force", "--volumes", ...names.map(idOf)]);
    },
  };
}

function idOf(name: string): string {
  return `djinit-test-${runContext().runId}-${name}`;
}

async function startNode(image: string, name: string): Promise<Node> {
  const { runId, network } = runContext();
  const id = idOf(name);
  await docker(`start ${name}`, [
    ...["run", "--detach", "--name", id, "--hostname", name, "--network", network],
    ...["--label", `${RUN_LABEL}=${runId}`, "--publish", "127.0.0.1::80"],
    ...CAPABILITIES.flatMap((capability) => ["--cap-add", capability]),
    ...UNCONFINED.flatMap((option) => ["--security-opt", option]),
    ...["--volume", "/sys/fs/cgroup:/sys/fs/cgroup:rw", "--volume", "/var/lib/docker"],
    ...["--env", "DOCKER_ALLOW_IPV6_ON_IPV4_INTERFACE=1", image, "sh", "-c", START],
  ]);
  const node: Node = {
    name,
    run: (words, { input, env = {} } = {}) =>
      docker(
        `run ${words.join(" ")} on ${name}`,
        [
          ...["exec", "--interactive"],
          ...Object.keys(env).flatMap((variable) => ["--env", variable]),
          ...[id, ...words],
        ],
        { env, ...(input === undefined ? {} : { input }) },
      ),
    tryRun: (words) => tryDocker(["exec", id, ...words]),
    kill: async () => {
      await docker(`kill ${name}`, ["kill", id]);
    },
  };
  const answers = async () => (await node.tryRun(["docker", "version"])).ok;
  const attach = async () => (await tryDocker(["logs", "--tail", "30", id])).all;
  await eventually(answers, { what: `${name}'s engine answers`, attach, ...PATIENCE });
  return node;
}

async function loadImages(name: string, images: readonly string[]): Promise<void> {
  const save = spawn("docker", ["save", ...images], { stdio: ["ignore", "pipe", "inherit"] });
  const load = spawn("docker", ["exec", "--interactive", idOf(name), "docker", "load", "--quiet"], {
    stdio: [save.stdout, "ignore", "inherit"],
  });
  // The reader alone holds the pipe: its end is the load's end.
  save.stdout.destroy();
  const [status] = (await once(load, "exit")) as [number | null];
  if (status !== 0) throw new Error(`cannot load ${images.join(", ")} on ${name}: status ${status}`);
}
