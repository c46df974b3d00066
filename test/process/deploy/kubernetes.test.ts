// The manifests in deploy/kubernetes: built, held against the schemas of three versions, and against what djinit needs.
import { describe, expect, test } from "vitest";
import { VARIABLES } from "../../../src/config/variables.ts";
import { readDocument, tableRows } from "../../contract/markdown.ts";
import { build, type Manifest, validate } from "../../support/manifests.ts";

/** The newest three. */
const VERSIONS = ["1.35.0", "1.36.0", "1.37.0"];
/** A first migration, which a pod waits for. */
const MIGRATION_S = 600;
/** The kinds of operators. */
const OWN_KINDS = ["PodMonitor", "ScaledObject"];

const OVERLAYS = ["all-in-one", "pod", "postgres-and-redis"].map((name) => {
  return { name, ...validate(build(`overlays/${name}`), VERSIONS) };
});

const ofKind = (documents: Manifest[], kind: string): Manifest[] =>
  documents.filter((document) => document.kind === kind);
const podsOf = (documents: Manifest[]): { name: string; labels: Manifest; spec: Manifest }[] =>
  documents
    .filter(({ spec }) => spec?.template !== undefined)
    .map(({ metadata, spec: { template } }) => ({
      name: metadata.name,
      labels: template.metadata.labels,
      spec: template.spec,
    }));
const containersOf = ({ containers, initContainers = [] }: Manifest): Manifest[] => [
  ...initContainers,
  ...containers,
];
const variablesOf = ({ env = [] }: Manifest): Record<string, string> =>
  Object.fromEntries(env.map(({ name, value }: Manifest) => [name, value]));
const isOurs = ({ image }: Manifest): boolean => image === "app";

describe.each(OVERLAYS)("overlays/$name", ({ documents, foreign, refused }) => {
  test("is what the three newest versions of Kubernetes take, without a word that they do not know", () => {
    expect(refused).toEqual([]);
    expect(foreign).toEqual([]);
    expect(documents.length).toBeGreaterThan(10);
  });

  test("every pod is restricted, every container may write to empty directories alone", () => {
    for (const { name, spec } of podsOf(documents)) {
      expect(spec.securityContext, name).toMatchObject({
        runAsNonRoot: true,
        seccompProfile: { type: "RuntimeDefault" },
      });
      expect(spec.securityContext.runAsUser).toBeGreaterThan(0);
      expect(spec).toMatchObject({ automountServiceAccountToken: false, enableServiceLinks: false });
      for (const container of containersOf(spec)) {
        expect(container.securityContext, name).toMatchObject({
          allowPrivilegeEscalation: false,
          capabilities: { drop: ["ALL"] },
        });
        expect(container.resources.limits.memory, name).toBeDefined();
        expect(container.lifecycle).toBeUndefined();
        if (isOurs(container)) expect(container.securityContext.readOnlyRootFilesystem).toBe(true);
      }
    }
  });

  test("every variable is djinit's", () => {
    const known = Object.values(VARIABLES).map(({ name }): string => name);
    const given = [
      ...podsOf(documents).flatMap(({ spec }) =>
        containersOf(spec).filter(isOurs).map(variablesOf).flatMap(Object.keys),
      ),
      ...ofKind(documents, "ConfigMap").flatMap(({ data }) => Object.keys(data)),
    ];
    expect(given).toContain("DJINIT_MIGRATIONS");
    expect(given.filter((name) => !known.includes(name))).toEqual([]);
  });

  test("a pod has longer than its containers take one after the other, and each longer than its delay", () => {
    for (const { name, spec } of podsOf(documents)) {
      const graces = containersOf(spec).filter(isOurs).map(variablesOf);
      if (graces.length === 0) continue;
      const seconds = graces.map((variables) => Number(variables.DJINIT_GRACE_PERIOD));
      const all = seconds.reduce((sum, each) => sum + each, 0);
      expect(spec.terminationGracePeriodSeconds, name).toBeGreaterThan(all);
      for (const { DJINIT_DRAIN_DELAY = "0", DJINIT_GRACE_PERIOD } of graces)
        expect(Number(DJINIT_DRAIN_DELAY)).toBeLessThan(Number(DJINIT_GRACE_PERIOD) / 2);
    }
  });

  test("the probes of each service wait for a first migration, and ask a port of its own", () => {
    for (const { name, spec } of podsOf(documents)) {
      const asked = containersOf(spec).filter((it) => isOurs(it) && it.name !== "release");
      const ports = asked.map(({ livenessProbe, readinessProbe, startupProbe, ports: own, env }) => {
        const { failureThreshold, periodSeconds } = startupProbe;
        expect(failureThreshold * periodSeconds, name).toBeGreaterThanOrEqual(MIGRATION_S * 1.5);
        expect(startupProbe.httpGet.path).toBe("/startupz");
        expect(readinessProbe.httpGet.path).toBe("/readyz");
        expect(livenessProbe.httpGet.path).toBe("/livez");
        const port = own.find((it: Manifest) => it.name === startupProbe.httpGet.port).containerPort;
        expect(String(port)).toBe(variablesOf({ env }).DJINIT_ADMIN_PORT ?? "9180");
        return port;
      });
      expect(new Set(ports).size, name).toBe(ports.length);
    }
  });

  test("what selects pods finds some", () => {
    const pods = podsOf(documents);
    const selectors = documents.flatMap(({ kind, spec }) => {
      if (kind === "Service") return [spec.selector];
      if (kind === "PodDisruptionBudget" || kind === "Deployment") return [spec.selector.matchLabels];
      return [];
    });
    expect(selectors.length).toBeGreaterThan(4);
    for (const selector of selectors)
      expect(
        pods.some(({ labels }) => Object.entries(selector).every(([key, value]) => labels[key] === value)),
        JSON.stringify(selector),
      ).toBe(true);
    const [autoscaler] = ofKind(documents, "HorizontalPodAutoscaler");
    const web = ofKind(documents, "Deployment").find(({ metadata }) => metadata.name === "web");
    expect(autoscaler.spec.scaleTargetRef.name).toBe("web");
    // Each apply would undo what the autoscaler has done.
    expect(web.spec.replicas).toBeUndefined();
  });

  test("probes and metrics are for the monitoring namespace, and requests for all", () => {
    const rules = ofKind(documents, "NetworkPolicy").flatMap(({ spec }) => spec.ingress);
    const open = rules.filter(({ from }) => from === undefined).flatMap(({ ports }) => ports);
    expect(open).toEqual([{ port: "http" }]);
    for (const { from, ports } of rules.filter(({ from }) => from !== undefined)) {
      expect(from).toEqual([
        { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "monitoring" } } },
      ]);
      expect(ports.map(({ port }: Manifest) => port)).toContain(9180);
    }
  });

  test("the release migrates, and ends for good with the statuses that need a person", () => {
    const [job] = ofKind(documents, "Job");
    const [container] = job.spec.template.spec.containers;
    expect(container.args).toEqual(["release"]);
    expect(variablesOf(container).DJINIT_MIGRATIONS).toBe("run");
    const [{ data }] = ofKind(documents, "ConfigMap");
    expect(data.DJINIT_MIGRATIONS).toBe("wait");
    const statuses = tableRows(readDocument("exit-statuses.md"), ["status", "means", "codes"]).map(
      ({ status }) => Number(status),
    );
    const [{ onExitCodes }] = job.spec.podFailurePolicy.rules;
    expect(statuses).toEqual(expect.arrayContaining(onExitCodes.values));
    expect(onExitCodes.values).toEqual(statuses.filter((status) => status >= 78 && status <= 85));
    expect(container.restartPolicyRules).toEqual([
      { action: "Restart", exitCodes: { operator: "In", values: [69] } },
    ]);
  });
});

describe("overlays/pod", () => {
  const { spec } = podsOf(OVERLAYS[1]?.documents ?? []).find(({ name }) => name === "web") as {
    spec: Manifest;
  };

  test("the application starts before nginx and ends after it, and they share one directory alone", () => {
    const [application] = spec.initContainers;
    const [nginx] = spec.containers;
    expect(application).toMatchObject({ name: "application", restartPolicy: "Always" });
    expect(variablesOf(application).DJINIT_WEB).toBe("application");
    expect(variablesOf(nginx).DJINIT_WEB).toBe("nginx");
    const mountsOf = (container: Manifest) =>
      container.volumeMounts.filter(({ name }: Manifest) => name === "web");
    expect(mountsOf(application)).toEqual([{ name: "web", mountPath: "/run/web" }]);
    expect(mountsOf(nginx)).toEqual([{ name: "web", mountPath: "/run/web", readOnly: true }]);
  });

  test("nginx gets no secret", () => {
    const [nginx] = spec.containers;
    expect(JSON.stringify(nginx.envFrom)).not.toContain("secretRef");
  });
});

test("the components are taken too, and theirs are the only kinds that Kubernetes does not have", () => {
  const { documents, foreign, refused } = validate(build("test/all"), VERSIONS);
  expect(refused).toEqual([]);
  expect(foreign).toEqual(OWN_KINDS);
  const [worker] = ofKind(documents, "Deployment").filter(({ metadata }) => metadata.name === "worker");
  expect(worker.spec.replicas).toBeUndefined();
  const [autoscaler] = ofKind(documents, "HorizontalPodAutoscaler");
  expect(autoscaler.spec.metrics).toHaveLength(2);
});
