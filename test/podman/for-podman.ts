// What podman 4 does not know of the manifests in deploy/kubernetes, and what stands in for it.
import type { Manifest } from "../support/manifests.ts";

export interface Played {
  name: string;
  /** A pod, and the ConfigMaps and Secrets that it may name; JSON is YAML. `addresses`: of the hosts in the Secrets. */
  yaml: (addresses: Record<string, string>) => string;
  containers: string[];
}

/**
 * - A Deployment or a Job becomes a Pod.
 * - A sidecar (an init container with `restartPolicy: Always`) becomes a container: podman would wait for its end.
 * - Probes go: podman asks them by curl(1) inside of the container, which the image has not. The test asks djinit.
 * - Services, policies, budgets and autoscalers have no meaning on one machine; a Service's address is put in the place of its name.
 * - Postgres and Redis are the tests' own images, which are run as they are.
 */
export function forPodman(documents: Manifest[], images: Record<string, string>): Played[] {
  const data = documents.filter(({ kind }) => kind === "ConfigMap" || kind === "Secret");
  return documents
    .filter(({ kind }) => kind === "Deployment" || kind === "Job")
    .map(({ kind, metadata: { name }, spec: { template } }) => {
      const { initContainers = [], containers, topologySpreadConstraints: _, ...spec } = template.spec;
      const all = [...initContainers, ...containers].map((container) => ofPodman(container, images));
      const isOurs = containers.every(({ image }: Manifest) => image === "app");
      const pod = {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name, labels: template.metadata.labels },
        spec: {
          ...(isOurs ? spec : {}),
          restartPolicy: kind === "Job" ? "Never" : "Always",
          containers: isOurs ? all : all.map(asItIs),
        },
      };
      const yaml = (addresses: Record<string, string>) =>
        [...data.map((it) => withAddresses(it, addresses)), pod]
          .map((it) => JSON.stringify(it))
          .join("\n---\n");
      return { name, yaml, containers: all.map((container) => `${name}-${container.name}`) };
    });
}

function ofPodman(container: Manifest, images: Record<string, string>): Manifest {
  const {
    livenessProbe: _live,
    readinessProbe: _ready,
    startupProbe: _startup,
    restartPolicy: _restart,
    restartPolicyRules: _rules,
    ...rest
  } = container;
  const image = images[container.image.replace(/:.*$/, "")];
  return { ...rest, image, imagePullPolicy: "Never" };
}

function asItIs({ name, image, imagePullPolicy, envFrom = [] }: Manifest): Manifest {
  return { name, image, imagePullPolicy, envFrom };
}

function withAddresses(document: Manifest, addresses: Record<string, string>): Manifest {
  if (document.kind !== "Secret") return document;
  const data = Object.entries(document.data).map(([name, value]) => {
    let text = Buffer.from(value as string, "base64").toString();
    for (const [host, address] of Object.entries(addresses))
      text = text.replace(new RegExp(`(?<=[@/])${host}(?=[:/])`), address);
    return [name, Buffer.from(text).toString("base64")];
  });
  return { ...document, data: Object.fromEntries(data) };
}
