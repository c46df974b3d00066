// Plays deploy/kubernetes with podman: release, worker, beat, web in one container and in two. Each comes up and stops clean.
import { buildExample, EXAMPLE_TAG } from "../../tools/image/example.ts";
import { buildDjinit } from "../../tools/image/image.ts";
import { ensureServiceImage } from "../../tools/image/service-image.ts";
import { eventually } from "../support/eventually.ts";
import { http } from "../support/http.ts";
import { build, type Manifest, validate } from "../support/manifests.ts";
import { forPodman, type Played, type Probe, secretContents } from "./for-podman.ts";
import { createSecret, endsClean, loadImage, logsOf, podman, restartsOf, tryPodman } from "./podman.ts";

const NETWORK = "djinit-kubernetes";
/** Of the application, and a file of nginx's. */
const PATHS = ["/api/cakes/", "/static/admin/css/base.css"];
const RELEASE_MS = 120_000;
/** A stop that takes longer shows what it was about: nothing that is played here has so much in hand. */
const LONG_STOP_S = 15;

const built = (folder: string): Manifest[] => validate(build(folder), []).documents;
const ofKind = (documents: Manifest[], wanted: string) => documents.filter(({ kind }) => kind === wanted);
const named = (list: Played[], name: string): Played => list.find((it) => it.name === name) as Played;

interface Running extends Played {
  address: string;
}

async function play(played: Played): Promise<Running> {
  // A Service of that name, as far as the pods know.
  await podman(["kube", "play", "--network", `${NETWORK}:alias=${played.name}`, "-"], played.yaml);
  const infra = await podman(["pod", "inspect", "--format", "{{.InfraContainerID}}", played.pod]);
  const format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
  return { ...played, address: await podman(["inspect", "--format", format, infra]) };
}

/** What the kubelet does with a container's probes: startup, for as long as that may fail; then the other two. */
async function comesUp({ address, containers }: Running): Promise<void> {
  for (const { name, probes } of containers) {
    for (const [kind, probe] of Object.entries(probes)) {
      if (probe === undefined) throw new Error(`${name} has no ${kind}`);
      await passes(name, address, probe);
    }
    console.log(`${name}: started, ready and live, after ${await restartsOf(name)} restarts`);
  }
}

async function passes(container: string, address: string, probe: Probe): Promise<void> {
  const { port, path, periodSeconds, failureThreshold } = probe;
  await eventually(() => answers(`http://${address}:${port}${path}`), {
    what: `${container}: ${path}`,
    timeoutMs: periodSeconds * failureThreshold * 1000,
    intervalMs: 500,
    attach: () => logsOf(container),
  });
}

async function answers(url: string): Promise<void> {
  const { status, text } = await http(url, { headers: { host: "localhost" } });
  if (status !== 200) throw new Error(`${url}: ${status} ${text}`);
}

async function serves({ address }: Running): Promise<void> {
  for (const path of PATHS) {
    await eventually(() => answers(`http://${address}:8000${path}`), { timeoutMs: 20_000 });
    console.log(`${path}: 200`);
  }
}

/** Also as an arbitrary user on a read-only file system. */
async function dumps({ containers }: Running): Promise<void> {
  const name = containers[0]?.name as string;
  const told = await podman(["exec", name, "sh", "-c", "djinit dump | tar -xzO"]);
  for (const part of ["/gunicorn/arbiter.py", "# configuration file /", '"missing": {}'])
    if (!told.includes(part)) throw new Error(`${name}: no ${part} in its dump:\n${told}`);
  console.log(`${name}: djinit dump`);
}

/** As the kubelet does: sidecars last, and one grace period for all. */
async function stopsClean({ name, pod, containers, graceSeconds }: Played): Promise<void> {
  const startedMs = performance.now();
  for (const { name: container } of containers.toSorted(
    (a, b) => Number(a.isSidecar) - Number(b.isSidecar),
  )) {
    await podman(["stop", "--time", String(graceSeconds), container]);
    await endsClean(container, 10_000);
  }
  const seconds = (performance.now() - startedMs) / 1000;
  console.log(`${name}: stopped in ${seconds.toFixed(1)} s of ${graceSeconds}`);
  if (seconds >= LONG_STOP_S)
    for (const { name: container } of containers) console.log(await logsOf(container));
  if (seconds >= graceSeconds) throw new Error(`${name} was killed`);
  await podman(["pod", "rm", "--force", pod]);
}

async function removeAll(): Promise<void> {
  for (const { pod } of [...whole, ...halves]) await tryPodman(["pod", "rm", "--force", pod]);
  for (const { metadata } of secrets) await tryPodman(["secret", "rm", metadata.name]);
  const volumes = await podman(["volume", "ls", "--quiet"]);
  for (const volume of volumes
    .split("\n")
    .filter((it) => /^(web|worker|beat|release)-(run|tmp|web)$/.test(it)))
    await tryPodman(["volume", "rm", "--force", volume]);
  await tryPodman(["network", "rm", "--force", NETWORK]);
}

await buildDjinit();
await buildExample();
const tags = {
  app: EXAMPLE_TAG,
  postgres: await ensureServiceImage("postgres"),
  redis: await ensureServiceImage("redis"),
};
const images = Object.fromEntries(Object.entries(tags).map(([name, tag]) => [name, `localhost/${tag}`]));

const tried = built("overlays/postgres-and-redis");
const whole = forPodman(tried, images);
const halves = forPodman(built("overlays/pod"), images);
const generated = ofKind(tried, "Secret");
// Kustomize's hash is in the names that it makes; the overlay «pod» names the Secret that somebody is to create.
const secrets = [
  ...generated,
  ...generated.map((it) => ({ ...it, metadata: { name: it.metadata.name.replace(/-[^-]*$/, "") } })),
];

await removeAll();
try {
  for (const tag of Object.values(tags)) await loadImage(tag);
  await podman(["network", "create", NETWORK]);
  for (const secret of secrets) await createSecret(secret.metadata.name, secretContents(secret));
  for (const name of ["postgres", "redis"]) await play(named(whole, name));
  // All at once, as they are applied: whoever serves waits for the release.
  const running: Running[] = [];
  for (const name of ["web", "worker", "beat"]) running.push(await play(named(whole, name)));
  const release = await play(named(whole, "release"));
  await endsClean(release.containers[0]?.name as string, RELEASE_MS);
  for (const it of running) await comesUp(it);
  await serves(running[0] as Running);
  await dumps(running[0] as Running);
  for (const it of running) await stopsClean(it);
  const pair = await play(named(halves, "web"));
  await comesUp(pair);
  await serves(pair);
  await stopsClean(pair);
  console.log("everything was ready, answered and stopped clean");
} finally {
  await removeAll();
}
