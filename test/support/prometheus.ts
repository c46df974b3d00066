import { ensureServiceImage, SERVICE_IMAGES } from "../../tools/image/service-image.ts";
import { type Container, createContainer } from "./docker.ts";
import { docker, tryDocker } from "./docker-cli.ts";
import { eventually } from "./eventually.ts";
import { http } from "./http.ts";

export interface PromSample {
  metric: Record<string, string>;
  value: [number, string];
}

export interface Prometheus {
  container: Container;
  /** What an instant query finds. Errors: Prometheus refuses the expression. */
  query(expression: string): Promise<PromSample[]>;
}

/** Starts a Prometheus that scrapes these `host:port` of the run's network once a second. */
export async function startPrometheus(targets: readonly string[]): Promise<Prometheus> {
  await ensureServiceImage("prometheus");
  const container = await createContainer({ image: SERVICE_IMAGES.prometheus, publish: [9090] });
  const configuration = JSON.stringify({
    global: { scrape_interval: "1s" },
    scrape_configs: [{ job_name: "djinit", static_configs: [{ targets }] }],
  });
  // JSON is YAML. By a tar stream, since the container has no shell yet.
  await copyFile(container, "/etc/prometheus/test.yml", configuration);
  await docker("start Prometheus", ["start", container.id]);
  const query = async (expression: string): Promise<PromSample[]> => {
    const url = `http://127.0.0.1:${await container.port(9090)}/api/v1/query?query=${encodeURIComponent(expression)}`;
    const { status, text } = await http(url);
    const answer = JSON.parse(text) as { error?: string; data: { result: PromSample[] } };
    if (status !== 200) throw new Error(`cannot query ${expression}: ${answer.error}`);
    return answer.data.result;
  };
  await eventually(() => query("up"), {
    what: "Prometheus answers",
    timeoutMs: 30_000,
    attach: () => container.logs(),
  });
  return { container, query };
}

/** What `promtool check metrics` says of a page; empty when it finds nothing wrong. */
export async function promtoolCheck(page: string): Promise<string> {
  await ensureServiceImage("prometheus");
  const words = ["run", "--rm", "--interactive", "--network", "none", "--entrypoint", "promtool"];
  const ran = await tryDocker([...words, SERVICE_IMAGES.prometheus, "check", "metrics"], { input: page });
  return ran.all.trim() || (ran.ok ? "" : `status ${ran.exitCode}`);
}

/** What promtool says to `promtool WORD… FILE` of the files of a directory. */
export async function promtool(
  directory: string,
  words: readonly string[],
): Promise<{ ok: boolean; text: string }> {
  await ensureServiceImage("prometheus");
  const run = [
    "run",
    "--rm",
    "--network",
    "none",
    "--volume",
    `${directory}:/rules:ro`,
    "--workdir",
    "/rules",
  ];
  const ran = await tryDocker([...run, "--entrypoint", "promtool", SERVICE_IMAGES.prometheus, ...words]);
  return { ok: ran.ok, text: ran.all };
}

async function copyFile(container: Container, path: string, content: string): Promise<void> {
  const { mkdtemp, rm, writeFile } = await import("node:fs/promises");
  const directory = await mkdtemp("/tmp/djinit-prometheus-");
  try {
    await writeFile(`${directory}/file`, content, { mode: 0o644 });
    await docker("copy a file", ["cp", `${directory}/file`, `${container.id}:${path}`]);
  } finally {
    await rm(directory, { recursive: true });
  }
}
