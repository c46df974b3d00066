// deploy/compose.yaml as a project of its own, with stand-ins where the machine reaches no registry.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ensureServiceImage, SERVICE_IMAGES } from "../../../tools/image/service-image.ts";
import { docker, type Ran, tryDocker } from "../../support/docker-cli.ts";
import { runContext } from "../../support/run-context.ts";
import { RUN_LABEL } from "../../support/run-id.ts";

export const DEPLOY = join(import.meta.dirname, "../../../deploy");
const SOCKET = "/var/run/docker.sock";
/** A service's part of the file, as JSON, which is YAML. */
type Change = Record<string, unknown>;

export interface ComposeProject {
  /** Runs `docker compose WORD…`; `changes` are laid over the services once. Never throws. */
  compose(words: readonly string[], changes?: Record<string, Change>): Promise<Ran>;
  /** The id of a service's container, running or not. Errors: there is none. */
  container(service: string): Promise<string>;
  /** `http://…` of a published port. */
  url(service: string, port: number): Promise<string>;
  remove(): Promise<void>;
}

/** Makes nothing yet: `compose(["up", …])` does. */
export async function composeProject(
  variables: Record<string, string>,
  changes: Record<string, Change>,
): Promise<ComposeProject> {
  const plugin = await ensureServiceImage("compose");
  const { runId } = runContext();
  const name = `djinit-test-${runId}`;
  const directory = mkdtempSync("/tmp/djinit-compose-");
  const mine = { labels: { [RUN_LABEL]: runId } };
  const standIns: Record<string, Change> = {
    postgres: { image: SERVICE_IMAGES.postgres },
    redis: { image: SERVICE_IMAGES.redis },
    prometheus: {
      image: SERVICE_IMAGES.prometheus,
      entrypoint: [
        "prometheus",
        "--config.file=/etc/prometheus/prometheus.yml",
        "--storage.tsdb.path=/tmp/prometheus",
      ],
    },
  };
  const writeOver = (file: string, more: Record<string, Change>): string => {
    const all = ["release", "web", "worker", "beat", "postgres", "redis", "prometheus"].map((service) => [
      service,
      { ...mine, ...standIns[service], ...changes[service], ...more[service] },
    ]);
    const volumes = ["media", "postgres", "redis", "prometheus", "grafana"].map((volume) => [volume, mine]);
    writeFileSync(
      join(directory, file),
      JSON.stringify({
        services: Object.fromEntries(all),
        volumes: Object.fromEntries(volumes),
        networks: { default: mine },
      }),
    );
    return join(directory, file);
  };

  const compose = async (words: readonly string[], more: Record<string, Change> = {}) => {
    const mounts = [`${SOCKET}:${SOCKET}`, `${DEPLOY}:${DEPLOY}:ro`, `${directory}:${directory}:ro`];
    const run = ["run", "--rm", "--label", `${RUN_LABEL}=${runId}`, "--workdir", DEPLOY];
    // Values travel by docker's environment, not by its arguments.
    const given = Object.keys(variables).flatMap((variable) => ["--env", variable]);
    return tryDocker(
      [
        ...run,
        ...mounts.flatMap((mount) => ["--volume", mount]),
        ...given,
        plugin,
        ...["docker", "compose", "--project-name", name, "--file", "compose.yaml"],
        ...["--file", writeOver("over.yaml", more), ...words],
      ],
      { env: variables },
    );
  };
  const container = async (service: string) => {
    const filters = [`project=${name}`, `service=${service}`].flatMap((it) => [
      "--filter",
      `label=com.docker.compose.${it}`,
    ]);
    const id = (await docker(`find ${service}`, ["ps", "--all", "--quiet", "--no-trunc", ...filters])).trim();
    if (!/^\w+$/.test(id)) throw new Error(`cannot find ${service}: not one container: ${id}`);
    return id;
  };
  return {
    compose,
    container,
    async url(service, port) {
      const ports = await docker("find a port", ["port", await container(service), `${port}`]);
      return `http://127.0.0.1:${/:(\d+)$/m.exec(ports)?.[1]}`;
    },
    async remove() {
      await compose(["down", "--volumes", "--timeout", "5"]);
      rmSync(directory, { recursive: true });
    },
  };
}
