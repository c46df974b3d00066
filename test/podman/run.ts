// Plays deploy/kubernetes with podman: release, worker, beat, web in one container and in two. Each comes up and stops clean.
import { causeOf, run } from "../../tools/engine/command.ts";
import { ensurePodman } from "../../tools/engine/podman.ts";
import { buildExample, EXAMPLE_TAG } from "../../tools/image/example.ts";
import { buildDjinit } from "../../tools/image/image.ts";
import { ensureServiceImage } from "../../tools/image/service-image.ts";
import { eventually } from "../support/eventually.ts";
import { http } from "../support/http.ts";
import { build, validate } from "../support/manifests.ts";
import { forPodman, type Played } from "./for-podman.ts";

const NETWORK = "djinit-kubernetes";
const addresses: Record<string, string> = {};
/** Of the application, and a file of nginx's. */
const PATHS = ["/api/cakes/", "/static/admin/css/base.css"];
const START_MS = 120_000;
/** Longer than every grace period. */
const STOP_SECONDS = 130;

const env = await ensurePodman();

async function podman(words: readonly string[], input?: string): Promise<string> {
  const ran = await run("podman", words, {
    env,
    timeoutMs: 300_000,
    ...(input === undefined ? {} : { input }),
  });
  if (!ran.ok)
    throw new Error(`cannot run podman ${words.slice(0, 3).join(" ")}: ${causeOf(ran)}\n${ran.all}`);
  return ran.stdout.trim();
}

async function loadImage(tag: string): Promise<void> {
  const file = `/tmp/djinit-podman-${process.pid}.tar`;
  try {
    const saved = await run("docker", ["save", "--output", file, tag], { timeoutMs: 300_000 });
    if (!saved.ok) throw new Error(`cannot save ${tag}: ${causeOf(saved)}`);
    await podman(["load", "--input", file]);
  } finally {
    await run("rm", ["-f", file]);
  }
}

/** Returns its address. */
async function play({ name, yaml }: Played): Promise<string> {
  await podman(["kube", "play", "--network", NETWORK, "-"], yaml(addresses));
  const infra = await podman(["pod", "inspect", "--format", "{{.InfraContainerID}}", name]);
  return podman(["inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", infra]);
}

const logsOf = async (container: string): Promise<string> =>
  (await run("podman", ["logs", container], { env })).all;

async function isReady(container: string): Promise<void> {
  await eventually(async () => (await run("podman", ["exec", container, "djinit", "health"], { env })).ok, {
    what: `${container} is ready`,
    timeoutMs: START_MS,
    intervalMs: 500,
    attach: () => logsOf(container),
  });
  console.log(`${container}: ready`);
}

async function hasEnded(container: string, status = 0): Promise<void> {
  await eventually(
    async () => {
      const [state, code] = (
        await podman(["inspect", "--format", "{{.State.Status}} {{.State.ExitCode}}", container])
      ).split(" ");
      if (state === "exited" && Number(code) !== status) throw new Error(`it ended with ${code}`);
      return state === "exited";
    },
    { what: `${container} ends with ${status}`, timeoutMs: START_MS, attach: () => logsOf(container) },
  );
  console.log(`${container}: ended with ${status}`);
}

async function answers(address: string, path: string): Promise<void> {
  await eventually(
    async () => {
      const { status } = await http(`http://${address}:8000${path}`, { headers: { host: "localhost" } });
      if (status !== 200) throw new Error(`${path} is ${status}`);
    },
    { what: `200 for ${path}`, timeoutMs: 20_000 },
  );
  console.log(`${path}: 200`);
}

async function removeAll(): Promise<void> {
  const names = [...new Set([...all, ...two].map(({ name }) => name))];
  for (const name of names) await run("podman", ["pod", "rm", "--force", name], { env, timeoutMs: 120_000 });
  for (const { metadata } of secrets) await run("podman", ["secret", "rm", metadata.name, "app"], { env });
  await run("podman", ["network", "rm", "--force", NETWORK], { env });
}

await buildDjinit();
await buildExample();
const images = {
  app: `localhost/${EXAMPLE_TAG}`,
  postgres: `localhost/${await ensureServiceImage("postgres")}`,
  redis: `localhost/${await ensureServiceImage("redis")}`,
};
const built = (folder: string) => validate(build(folder), []).documents;
const all = forPodman(built("overlays/postgres-and-redis"), images);
const secrets = built("overlays/postgres-and-redis").filter(({ kind }) => kind === "Secret");
const two = forPodman(
  [
    ...secrets.map((it) => ({ ...it, metadata: { name: it.metadata.name.replace(/-.*/, "") } })),
    ...built("overlays/pod"),
  ],
  images,
);
const named = (list: Played[], name: string): Played => list.find((it) => it.name === name) as Played;

async function stopClean({ name, containers }: Played): Promise<void> {
  await podman(["pod", "stop", "--time", String(STOP_SECONDS), name]);
  for (const container of containers) await hasEnded(container);
}

await removeAll();
try {
  for (const image of Object.values(images)) await loadImage(image.replace("localhost/", ""));
  await podman(["network", "create", NETWORK]);
  for (const name of ["postgres", "redis"]) addresses[name] = await play(named(all, name));
  const work = ["worker", "beat"].map((name) => named(all, name));
  // All at once, as they are applied: whoever serves waits for the release.
  for (const pod of work) await play(pod);
  const web = named(all, "web");
  const address = await play(web);
  await play(named(all, "release"));
  await hasEnded("release-release");
  for (const container of [...web.containers, ...work.flatMap(({ containers }) => containers)])
    await isReady(container);
  for (const path of PATHS) await answers(address, path);
  for (const pod of [web, ...work]) await stopClean(pod);
  await podman(["pod", "rm", "--force", web.name]);
  const pair = named(two, "web");
  const pairAddress = await play(pair);
  for (const container of pair.containers) await isReady(container);
  for (const path of PATHS) await answers(pairAddress, path);
  await stopClean(pair);
  console.log("everything was ready, answered and stopped clean");
} finally {
  await removeAll();
}
