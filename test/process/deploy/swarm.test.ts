// deploy/swarm, held against the schema of stacks and against what djinit needs.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DEPLOY, ownServices, refusedBy, STACK_SCHEMA, unknownVariables } from "../../support/yaml-files.ts";

const { document: file, refused } = refusedBy(STACK_SCHEMA, "swarm/stack.yaml");
const OURS = ownServices(file);
const HAPROXY = readFileSync(join(DEPLOY, "swarm/haproxy.cfg"), "utf8");

// biome-ignore lint/suspicious/noExplicitAny: the file is looked at by many paths
type Any = any;

const seconds = (text: string) => Number.parseInt(text, 10) * (text.endsWith("m") ? 60 : 1);

test("is what `docker stack deploy` takes", () => {
  expect(refused).toEqual([]);
  expect(OURS.map(([name]) => name)).toEqual(["release", "web", "worker", "beat"]);
});

test("nothing of it would be ignored: a stack knows no `tmpfs`, `depends_on` or `restart`", () => {
  for (const service of Object.values(file.services) as Any[])
    for (const word of ["tmpfs", "depends_on", "restart", "build", "container_name", "cap_drop"])
      expect(Object.keys(service)).not.toContain(word);
});

test("every variable of djinit's is one, and each service has longer than its grace period", () => {
  for (const [name, { environment, stop_grace_period }] of OURS) {
    expect([name, unknownVariables(Object.keys(environment))]).toEqual([name, []]);
    if (name === "release") continue;
    expect(environment.DJINIT_MIGRATIONS, name).toBe("wait");
    expect(seconds(stop_grace_period), name).toBeGreaterThan(Number(environment.DJINIT_GRACE_PERIOD));
  }
});

test("the release is a job that migrates", () => {
  const { environment, deploy } = Object.fromEntries(OURS)["release"];
  expect([environment.DJINIT_MIGRATIONS, deploy.mode]).toEqual(["run", "replicated-job"]);
});

test("what serves is replaced when the new one is ready, and rolled back if it never is", () => {
  for (const [name, { deploy, healthcheck }] of OURS.filter(([it]) => it !== "release")) {
    expect(deploy.update_config, name).toMatchObject({ order: "start-first", failure_action: "rollback" });
    expect(healthcheck.test).toEqual(["CMD", "/usr/local/bin/djinit", "health"]);
    // PID 1 gets the time to start again what has died, and a broker the time to come back.
    const leastSeconds = name === "web" ? 60 : 600;
    expect(seconds(healthcheck.interval) * healthcheck.retries).toBeGreaterThanOrEqual(leastSeconds);
  }
});

test("secrets are files that djinit reads, and none is a variable", () => {
  for (const [name, { environment, secrets }] of OURS) {
    expect(environment.DJINIT_SECRETS_DIR, name).toBe("/run/secrets");
    const targets = secrets.map(({ target }: Any) => target);
    expect(targets).toEqual(["SECRET_KEY", "DATABASE_URL", "CELERY_BROKER_URL"]);
    expect(Object.keys(environment).filter((it) => targets.includes(it))).toEqual([]);
  }
});

test("the proxy removes whatever header djinit believes of a trusted proxy", () => {
  const own = readFileSync(
    join(DEPLOY, "../docker/etc/nginx/conf.d/django.conf.d/forwarded/headers.conf"),
    "utf8",
  );
  const believed = [...own.matchAll(/^proxy_set_header (\S+) \$dj_/gm)].map(([, name = ""]) =>
    name.toLowerCase(),
  );
  expect(believed.length).toBeGreaterThan(50);
  const removed = new RegExp(/http-request del-header "(.*)" -m reg/.exec(HAPROXY)?.[1] ?? "$^");
  expect(believed.filter((name) => !removed.test(name))).toEqual([]);
  expect(removed.test("x-request-id")).toBe(false);
});

test("the proxy asks for readiness, trusts DNS for less than the drain, and waits longer than nginx does", () => {
  expect(HAPROXY).toContain("option httpchk GET /readyz");
  // HAProxy takes `tcp-ut` for an address of a known family alone, and says nothing where it does not.
  expect(HAPROXY).toMatch(/server-template web \d+ ipv4@tasks\.web:8000 tcp-ut 5s/);
  const drain = Number(Object.fromEntries(OURS)["web"].environment.DJINIT_DRAIN_DELAY);
  const [, interval, fall] = /inter (\d+)ms .* fall (\d+)/.exec(HAPROXY) ?? [];
  expect((Number(interval) * Number(fall)) / 1000).toBeLessThan(drain);
  const limit = Number(/timeout server (\d+)s/.exec(HAPROXY)?.[1]);
  expect(limit).toBeGreaterThan(60);
  expect(file.networks.inside.ipam.config).toEqual([
    { subnet: Object.fromEntries(OURS)["web"].environment.DJINIT_TRUSTED_PROXIES },
  ]);
});
