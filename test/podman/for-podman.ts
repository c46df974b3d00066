// What podman 4.3 (Debian 12) does not know of the manifests in deploy/kubernetes, and what stands in for it.
import type { Manifest } from "../support/manifests.ts";

export interface Played {
  name: string;
  pod: string;
  /** ConfigMaps, and the pod that may name them; JSON is YAML. */
  yaml: string;
  containers: PlayedContainer[];
  graceSeconds: number;
}

export interface PlayedContainer {
  /** podman's. */
  name: string;
  isSidecar: boolean;
  /** As the manifest has them. What Kubernetes' kubelet does with them, the test does. */
  probes: Record<ProbeName, Probe | undefined>;
}

export type ProbeName = "startupProbe" | "readinessProbe" | "livenessProbe";

export interface Probe {
  port: number;
  path: string;
  periodSeconds: number;
  failureThreshold: number;
}

/**
 * - A Job becomes a Pod.
 * - A sidecar (an init container with `restartPolicy: Always`) becomes a container: podman would wait for its end.
 * - Probes go: podman runs curl(1) inside of the container, which the image has not, with port 0 for a port's name.
 * - Ports go: podman publishes each on the machine, and every pod has 9180.
 * - `env` becomes the last of `envFrom`, which podman lets win over `env`.
 * - An emptyDir gets its pod's name: podman gives one volume to all the pods that have a volume of that name.
 * - Services, policies, budgets and autoscalers have no meaning on one machine. podman's DNS knows a pod by its Service's name.
 * - Postgres and Redis are the tests' own images, which are run as they are.
 */
export function forPodman(documents: Manifest[], images: Record<string, string>): Played[] {
  const maps = documents.filter(({ kind }) => kind === "ConfigMap");
  return documents
    .filter(({ kind }) => kind === "Deployment" || kind === "Job")
    .map((document) => {
      const { kind, metadata, spec } = document;
      const name: string = metadata.name;
      const isJob = kind === "Job";
      const pod = isJob ? name : `${name}-pod-0`;
      const { initContainers = [], containers, ...rest } = spec.template.spec;
      const all: Manifest[] = [...initContainers, ...containers];
      const isOurs = all.every(({ image }) => /^app(:|$)/.test(image));
      const owned = all.map((container) => ownMap(container, name));
      const adapted = all.map((container) => ofPodman(container, name, images));
      const podSpec = isOurs
        ? { ...rest, containers: adapted, volumes: rest.volumes?.map((it: Manifest) => prefixed(it, name)) }
        : { containers: all.map((container) => asItIs(container, images)) };
      const played = isJob
        ? {
            apiVersion: "v1",
            kind: "Pod",
            metadata: { name, labels: spec.template.metadata.labels },
            spec: podSpec,
          }
        : { ...document, spec: { ...spec, template: { ...spec.template, spec: podSpec } } };
      return {
        name,
        pod,
        yaml: [...maps, ...owned, played].map((it) => JSON.stringify(it)).join("\n---\n"),
        containers: all.map((container) => ({
          name: `${pod}-${container.name}`,
          isSidecar: initContainers.includes(container),
          probes: probesOf(container),
        })),
        graceSeconds: rest.terminationGracePeriodSeconds ?? 30,
      };
    });
}

/**
 * The contents of a podman secret that `secretRef` and `secretKeyRef` can read. podman 4.3 keeps the whole Secret of a manifest,
 * and then says of it that it «is not valid JSON» (mended in 4.4).
 */
export const secretContents = ({ data }: Manifest): string => JSON.stringify(data);

function ofPodman(container: Manifest, prefix: string, images: Record<string, string>): Manifest {
  const {
    livenessProbe: _live,
    readinessProbe: _ready,
    startupProbe: _startup,
    restartPolicy: _restart,
    restartPolicyRules: _rules,
    ports: _ports,
    volumeMounts,
    env: _env,
    envFrom = [],
    ...rest
  } = container;
  return {
    ...rest,
    image: ours(container.image, images),
    imagePullPolicy: "Never",
    envFrom: [...envFrom, { configMapRef: { name: ownMap(container, prefix).metadata.name } }],
    volumeMounts: volumeMounts?.map((it: Manifest) => prefixed(it, prefix)),
  };
}

/** Of what the container has in `env`. */
function ownMap({ name, env = [] }: Manifest, prefix: string): Manifest {
  const data = Object.fromEntries(env.map((it: Manifest) => [it.name, it.value]));
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name: `${prefix}-${name}` }, data };
}

const prefixed = (it: Manifest, prefix: string): Manifest => ({ ...it, name: `${prefix}-${it.name}` });

function asItIs({ name, image, envFrom = [] }: Manifest, images: Record<string, string>): Manifest {
  return { name, image: ours(image, images), imagePullPolicy: "Never", envFrom };
}

const ours = (image: string, images: Record<string, string>): string =>
  images[image.replace(/:.*$/, "")] as string;

function probesOf(container: Manifest): PlayedContainer["probes"] {
  const probe = (name: ProbeName): Probe | undefined => {
    const { httpGet, periodSeconds, failureThreshold } = container[name] ?? {};
    if (httpGet === undefined) return undefined;
    const { containerPort } = container.ports.find((port: Manifest) => port.name === httpGet.port);
    return { port: containerPort, path: httpGet.path, periodSeconds, failureThreshold };
  };
  return {
    startupProbe: probe("startupProbe"),
    readinessProbe: probe("readinessProbe"),
    livenessProbe: probe("livenessProbe"),
  };
}
