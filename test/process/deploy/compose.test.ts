// deploy/compose.yaml, held against the schema of the compose specification and against what djinit needs.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  COMPOSE_SCHEMA,
  DEPLOY,
  ownServices,
  readYaml,
  refusedBy,
  unknownVariables,
} from "../../support/yaml-files.ts";

const { document: file, refused } = refusedBy(COMPOSE_SCHEMA, "compose.yaml");
const OURS = ownServices(file);

// biome-ignore lint/suspicious/noExplicitAny: the file is looked at by many paths
type Any = any;

test("is what the compose specification takes", () => {
  expect(refused).toEqual([]);
  expect(OURS.map(([name]) => name)).toEqual(["release", "web", "worker", "beat"]);
});

test("control: the schema refuses a word that compose does not know", () => {
  const services = { web: { image: "shop", restarts: "always" } };
  expect(refusedBy(COMPOSE_SCHEMA, { services }).refused).toEqual([expect.stringContaining("restarts")]);
});

test("every container of the project has djinit's variables, and longer than its grace period", () => {
  for (const [name, { environment, stop_grace_period }] of OURS) {
    expect([name, unknownVariables(Object.keys(environment))]).toEqual([name, []]);
    if (name === "release") continue;
    expect(environment.DJINIT_MIGRATIONS, name).toBe("wait");
    expect(Number.parseInt(stop_grace_period, 10), name).toBeGreaterThan(
      Number(environment.DJINIT_GRACE_PERIOD),
    );
  }
  expect(Object.fromEntries(OURS)["release"].environment.DJINIT_MIGRATIONS).toBe("run");
});

test("what is mounted is there, and Grafana finds its source and its dashboard where they are mounted", () => {
  const mounts = (Object.values(file.services) as Any[])
    .flatMap(({ volumes = [] }) => volumes as string[])
    .filter((it) => it.startsWith("./"))
    .map((it) => it.split(":"));
  expect(mounts.length).toBeGreaterThan(3);
  for (const [from = ""] of mounts) expect([from, existsSync(join(DEPLOY, from))]).toEqual([from, true]);
  const [source] = readYaml("grafana/provisioning/datasources/prometheus.yaml").datasources;
  const prometheus = readYaml("prometheus/prometheus.yaml");
  expect(source).toMatchObject({ type: "prometheus", url: "http://prometheus:9090", isDefault: true });
  expect(source.jsonData.timeInterval).toBe(prometheus.global.scrape_interval);
  const [provider] = readYaml("grafana/provisioning/dashboards/djinit.yaml").providers;
  const dashboard = mounts.find(([from]) => from === "./grafana/djinit.json")?.[1] ?? "";
  expect(dashboard.startsWith(`${provider.options.path}/`)).toBe(true);
  expect(file.services.grafana.environment.GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH).toBe(dashboard);
});

test("Prometheus asks each container of web, worker and beat", () => {
  const [{ dns_sd_configs }] = readYaml("prometheus/prometheus.yaml").scrape_configs;
  const asked = dns_sd_configs.flatMap(({ names }: Any) => names);
  expect(asked).toEqual(OURS.map(([name]) => name).filter((name) => name !== "release"));
});
