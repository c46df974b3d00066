// deploy/compose.yaml from its first `up` to its end, by a real compose. npm run test:compose
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dashboardPanels } from "../../support/dashboard.ts";
import { docker, tryDocker } from "../../support/docker-cli.ts";
import { eventually } from "../../support/eventually.ts";
import { http } from "../../support/http.ts";
import { runContext } from "../../support/run-context.ts";
import { type ComposeProject, composeProject, DEPLOY } from "./compose-project.ts";

/** What a machine does that others use, too. */
const PATIENCE = { timeoutMs: 180_000, intervalMs: 500 };
const OURS = ["web", "worker", "beat"];

let project: ComposeProject;
beforeAll(async () => {
  const variables = {
    APP_IMAGE: runContext().images.example,
    SECRET_KEY: "for-the-test",
    POSTGRES_PASSWORD: "for-the-test",
    GRAFANA_PASSWORD: "for-the-test",
    // Any that are free.
    PORT: "0",
    PROMETHEUS_PORT: "0",
  };
  project = await composeProject(variables, {
    // The one that has WebSockets, and ways to fail.
    web: { command: ["cake_service.asgi:application"], environment: { CAKE_DEBUG_ENDPOINTS: "1" } },
    beat: { environment: { CAKE_BEAT_SECONDS: "1" } },
  });
});
afterAll(() => project?.remove());

const inspect = async (service: string, format: string) =>
  (await docker("inspect", ["inspect", "--format", format, await project.container(service)])).trim();
const isHealthy = async (service: string) =>
  (await inspect(service, "{{.State.Health.Status}}")) === "healthy";
const whenHealthy = (service: string) =>
  eventually(() => isHealthy(service), { what: `${service} is healthy`, ...PATIENCE });

interface Sample {
  metric: Record<string, string>;
}

async function askPrometheus(path: string): Promise<Record<string, unknown>> {
  const { text } = await http(`${await project.url("prometheus", 9090)}/api/v1/${path}`);
  const answer = JSON.parse(text) as { status: string; data: Record<string, unknown>; error?: string };
  if (answer.status !== "success") throw new Error(`cannot ask Prometheus for ${path}: ${answer.error}`);
  return answer.data;
}

async function query(expression: string): Promise<Sample[]> {
  return (await askPrometheus(`query?query=${encodeURIComponent(expression)}`))["result"] as Sample[];
}

test("compose takes the file, and names what .env has to say", async () => {
  expect(await project.compose(["config", "--quiet"])).toMatchObject({ ok: true, all: "" });
  const without = await composeProject({ APP_IMAGE: "shop", SECRET_KEY: "any", GRAFANA_PASSWORD: "any" }, {});
  const refused = await without.compose(["config", "--quiet"]);
  expect([refused.ok, refused.all]).toEqual([false, expect.stringContaining("POSTGRES_PASSWORD")]);
});

test("`up` migrates once, then everything is healthy without a warning", async () => {
  const ran = await project.compose(["up", "--detach", ...OURS, "prometheus"]);
  expect(ran, ran.all).toMatchObject({ ok: true });
  expect(await inspect("release", "{{.State.ExitCode}}")).toBe("0");
  for (const service of OURS) {
    await whenHealthy(service);
    const log = (await tryDocker(["logs", await project.container(service)])).all;
    expect(log.split("\n").filter((line) => /"level":"(warn|error|fatal)"/.test(line))).toEqual([]);
  }
  expect((await http(`${await project.url("web", 8000)}/`)).status).toBe(200);
});

test("no panel of the dashboard is empty", async () => {
  const web = await project.url("web", 8000);
  const stop = new AbortController();
  const sockets = [await openWebSocket(web), await openWebSocket(web)];
  sockets.pop()?.close();
  // One task that fails: there is no such cake.
  const failing = "from cake_service.cakes.tasks import bake; bake.delay('none')";
  await docker("send a task", [
    "exec",
    await project.container("web"),
    "django-admin",
    "shell",
    "-c",
    failing,
  ]);
  const load = (async () => {
    while (!stop.signal.aborted) {
      await http(`${web}/`).catch(() => {});
      await http(`${web}/debug/traceback/`).catch(() => {});
    }
  })();
  try {
    const panels = dashboardPanels(readFileSync(join(DEPLOY, "grafana/djinit.json"), "utf8"));
    expect(panels.length).toBeGreaterThan(30);
    // Nothing here comes from a Vault, and the containers have no certificate.
    const absent = ["Leases in Vault", "Certificate still valid for"];
    const wanted = panels.filter(({ title }) => !absent.includes(title));
    expect(panels.length - wanted.length).toBe(absent.length);
    const isEmpty = async (expressions: string[]) =>
      (await Promise.all(expressions.map(query))).every((result) => result.length === 0);
    await eventually(async () => {
      const empty: string[] = [];
      for (const { title, expressions } of wanted) if (await isEmpty(expressions)) empty.push(title);
      if (empty.length > 0) throw new Error(`empty: ${empty.join(", ")}`);
    }, PATIENCE);
    expect(Number((await query("sum(celery_tasks_failed_total) > 0")).length)).toBe(1);
  } finally {
    stop.abort();
    await load;
    sockets[0]?.close();
  }
});

test("each container is a target, by its service's name, and the alert rules are loaded", async () => {
  const up = await query("up == 1");
  expect(up.map(({ metric }) => metric["job"]).sort()).toEqual(OURS.toSorted());
  const { groups } = (await askPrometheus("rules")) as { groups: { rules: { health: string }[] }[] };
  const rules = groups.flatMap((group) => group.rules);
  expect(rules.length).toBeGreaterThan(10);
  await eventually(async () => {
    const found = (await askPrometheus("rules")) as { groups: { rules: { health: string }[] }[] };
    return found.groups.every((group) => group.rules.every(({ health }) => health === "ok"));
  }, PATIENCE);
});

test("a new image: a release that fails leaves what serves as it is, one that succeeds is followed by `up`", async () => {
  const ids = () => Promise.all(OURS.map((service) => project.container(service)));
  const before = await ids();
  const release = ["run", "--rm", "release"];
  const broken = { DATABASE_URL: "postgres://app:wrong@postgres/app", DJINIT_DATABASE_TIMEOUT: "1" };
  expect(await project.compose(release, { release: { environment: broken } })).toMatchObject({
    exitCode: 69,
  });
  expect(await ids()).toEqual(before);
  expect((await http(`${await project.url("web", 8000)}/`)).status).toBe(200);

  const next = { worker: { environment: { IMAGE: "next" } }, beat: { environment: { IMAGE: "next" } } };
  expect(await project.compose(release, next)).toMatchObject({ exitCode: 0 });
  const ran = await project.compose(["up", "--detach", ...OURS], next);
  expect(ran, ran.all).toMatchObject({ ok: true });
  for (const service of OURS) await whenHealthy(service);
  expect((await ids()).map((id, at) => id === before[at])).toEqual([true, false, false]);
});

test("`stop` ends all of it in order", async () => {
  const ran = await project.compose(["stop"]);
  expect(ran, ran.all).toMatchObject({ ok: true });
  for (const service of OURS)
    expect([service, await inspect(service, "{{.State.ExitCode}}")]).toEqual([service, "0"]);
});

async function openWebSocket(web: string): Promise<WebSocket> {
  const socket = new WebSocket(`${web.replace(/^http/, "ws")}/live/`);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.onopen = () => resolve();
  socket.onerror = () => reject(new Error("cannot open a WebSocket"));
  await promise;
  return socket;
}
