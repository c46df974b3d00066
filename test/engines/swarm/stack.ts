// deploy/swarm as a stack, asked of the manager.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ENGINE_IMAGES, SERVICE_IMAGES } from "../../../tools/image/service-image.ts";
import { eventually } from "../../support/eventually.ts";
import { DEPLOY } from "../../support/yaml-files.ts";
import type { Node, Swarm } from "./nodes.ts";

/** A rolling update of six services on two processors. */
const PATIENCE = { timeoutMs: 8 * 60_000, intervalMs: 1_000 };

/** Instead of the public images, which this machine may not reach; and web says what it was asked. */
const STAND_INS = {
  version: "3.12",
  services: {
    web: { environment: { CAKE_DEBUG_ENDPOINTS: "1" } },
    proxy: { image: ENGINE_IMAGES.haproxy },
    redis: { image: SERVICE_IMAGES.redis },
    postgres: {
      image: SERVICE_IMAGES.postgres,
      entrypoint: [
        "sh",
        "-c",
        // The official image reads the file by itself.
        "export POSTGRES_PASSWORD=$$(cat /run/secrets/postgres_password); exec sh /usr/local/bin/start-postgres.sh",
      ],
    },
  },
};

export interface Task {
  id: string;
  node: string;
  image: string;
  state: string;
}

export interface Stack {
  deploy(variables: Record<string, string>): Promise<void>;
  secret(name: string, value: string): Promise<void>;
  /** Those that are meant to run. */
  tasks(service: string): Promise<Task[]>;
  /** Waits until just so many run, all of them healthy, and of this image. */
  settled(service: string, count: number, image: string): Promise<void>;
  /** Does it, and waits until the update of the service that follows has ended. Returns how. */
  updated(service: string, action: () => Promise<unknown>): Promise<string>;
  /** Runs a command in a service's container, wherever one is. */
  exec(service: string, words: readonly string[]): Promise<string>;
}

export async function makeStack({ nodes }: Swarm): Promise<Stack> {
  const [manager] = nodes;
  const write = (name: string, text: string) =>
    manager.run(["sh", "-c", `mkdir -p /stack && cat > /stack/${name}`], { input: text });
  for (const name of ["stack.yaml", "haproxy.cfg"])
    await write(name, readFileSync(join(DEPLOY, "swarm", name), "utf8"));
  await write("stand-ins.json", JSON.stringify(STAND_INS));
  await manager.run(["docker", "node", "update", "--label-add", "data=true", manager.name]);

  const tasks = async (service: string) => {
    const format = "{{.ID}} {{.Node}} {{.Image}} {{.CurrentState}}";
    const filters = ["--filter", "desired-state=running", "--no-trunc", "--format", format];
    const text = await manager.run(["docker", "service", "ps", `app_${service}`, ...filters]);
    return text
      .trim()
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => {
        const [id = "", node = "", image = "", state = ""] = line.split(" ");
        return { id, node, image, state };
      });
  };
  const updateOf = async (service: string) => {
    const format = "{{with .UpdateStatus}}{{.StartedAt}}|{{.State}}|{{.Message}}{{end}}";
    const text = await manager.run(["docker", "service", "inspect", "--format", format, `app_${service}`]);
    const [startedAt = "", state = "", message = ""] = text.trim().split("|");
    return { startedAt, state, message };
  };
  return {
    tasks,
    async deploy(variables) {
      const files = ["stack.yaml", "stand-ins.json"].flatMap((name) => ["--compose-file", `/stack/${name}`]);
      const words = ["docker", "stack", "deploy", "--detach", "--resolve-image", "never", ...files, "app"];
      await manager.run(words, { env: variables });
    },
    async secret(name, value) {
      await manager.run(["docker", "secret", "create", name, "-"], { input: value });
    },
    async settled(service, count, image) {
      await eventually(
        async () => {
          const found = await tasks(service);
          const good = found.filter((task) => task.state === "Running" && task.image === image);
          if (good.length !== count || found.length !== count)
            throw new Error(found.map((task) => `${task.node} ${task.image} ${task.state}`).join("; "));
        },
        {
          what: `${count} of ${service} run`,
          attach: async () =>
            (await manager.tryRun(["docker", "service", "ps", "--no-trunc", `app_${service}`])).all,
          ...PATIENCE,
        },
      );
    },
    async updated(service, action) {
      const before = await updateOf(service);
      await action();
      return eventually(
        async () => {
          const { startedAt, state, message } = await updateOf(service);
          if (startedAt === before.startedAt || /^(rollback_started|updating)$/.test(state))
            throw new Error(`${state} ${message}`);
          return state;
        },
        { what: `the update of ${service}`, ...PATIENCE },
      );
    },
    async exec(service, words) {
      const [task] = (await tasks(service)).filter(({ state }) => state === "Running");
      const node = nodes.find(({ name }) => name === task?.node) as Node;
      const id = await node.run([
        "docker",
        "ps",
        "--quiet",
        "--filter",
        `label=com.docker.swarm.task.id=${task?.id}`,
      ]);
      return node.run(["docker", "exec", id.trim(), ...words]);
    },
  };
}
