// The page as Prometheus itself reads it.
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { METRICS } from "../../src/metrics/catalogue.ts";
import { dashboardExpressions } from "../support/dashboard.ts";
import type { Container } from "../support/docker.ts";
import { eventually } from "../support/eventually.ts";
import { http } from "../support/http.ts";
import { type Prometheus, promtool, promtoolCheck, startPrometheus } from "../support/prometheus.ts";
import { ADMIN_PORT, askAdmin } from "./admin-subject.ts";
import { startReadyCake } from "./cake-subject.ts";

const OPEN_METRICS = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";

let cake: Container;
let prometheus: Prometheus;
beforeAll(async () => {
  cake = await startReadyCake({
    command: ["cake_service.asgi:application"],
    env: { CELERY_WORKER: "1", CELERY_BEAT: "1", CAKE_BEAT_SECONDS: "1", DJINIT_CACHE: "10m" },
    publish: [8000, ADMIN_PORT],
  });
  prometheus = await startPrometheus([`${cake.name}:${ADMIN_PORT}`]);
  for (let at = 0; at < 20; at += 1) await http(await cake.url("/"));
  // One that is closed, and one that stays.
  (await openWebSocket()).close();
  await openWebSocket();
}, 300_000);
afterAll(() => Promise.all([cake?.rm(), prometheus?.container.rm()]));

async function openWebSocket(): Promise<WebSocket> {
  const socket = new WebSocket((await cake.url("/live/")).replace(/^http/, "ws"));
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.onopen = () => resolve();
  socket.onerror = () => reject(new Error("cannot open a WebSocket"));
  await promise;
  return socket;
}

describe("promtool", () => {
  test("finds nothing wrong with the page", async () => {
    const { headers, text } = await askAdmin(cake, "/metrics");
    expect(headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(await promtoolCheck(text)).toBe("");
  });

  test("control: it does with one that is wrong", async () => {
    const { text } = await askAdmin(cake, "/metrics");
    expect(await promtoolCheck(`${text}djinit_ready{ 1\n`)).toContain("error");
    expect(await promtoolCheck("# TYPE a_total gauge\na_total 1\n")).not.toBe("");
  });
});

describe("the alert rules", () => {
  const deployed = fileURLToPath(new URL("../../deploy/prometheus", import.meta.url));

  test("fire where they should, and are silent beside it", async () => {
    expect(await promtool(deployed, ["check", "rules", "alerts.yaml"])).toMatchObject({ ok: true });
    expect(await promtool(deployed, ["test", "rules", "alerts.test.yaml"])).toMatchObject({ ok: true });
  });

  test("control: another threshold is noticed", async () => {
    const changed = mkdtempSync("/tmp/djinit-rules-");
    try {
      chmodSync(changed, 0o755); // promtool runs as another user.
      cpSync(deployed, changed, { recursive: true });
      const rules = readFileSync(`${changed}/alerts.yaml`, "utf8").replace("> 0.25", "> 0.75");
      writeFileSync(`${changed}/alerts.yaml`, rules);
      const { ok, text } = await promtool(changed, ["test", "rules", "alerts.test.yaml"]);
      expect([ok, text]).toEqual([false, expect.stringContaining("DjinitThrottled")]);
    } finally {
      rmSync(changed, { recursive: true });
    }
  });

  test("Prometheus takes them, and none fires for a healthy container", async () => {
    const firing = async (expression: string) => (await prometheus.query(expression)).length;
    const rules = readFileSync(`${deployed}/alerts.yaml`, "utf8");
    const expressions = [...rules.matchAll(/expr: (?:>-\n((?:\s{10}.*\n)+)|(.+))/g)].map(([, folded, line]) =>
      (folded ?? line ?? "").trim(),
    );
    expect(expressions.length).toBe(rules.match(/- alert:/g)?.length);
    await eventually(() => firing("djinit_ready == 1"), { what: "a scrape" });
    for (const expression of expressions)
      expect([expression, await firing(expression)]).toEqual([expression, 0]);
  });
});

describe("a real Prometheus", () => {
  test("asks for OpenMetrics, gets it, and takes every sample of it", async () => {
    const { headers, text } = await askAdmin(cake, "/metrics", { headers: { accept: OPEN_METRICS } });
    expect(headers["content-type"]).toBe("application/openmetrics-text; version=1.0.0; charset=utf-8");
    expect(text.endsWith("\n# EOF\n")).toBe(true);
    await eventually(async () => (await prometheus.query("up == 1")).length === 1, {
      what: "a scrape",
      timeoutMs: 30_000,
      attach: () => prometheus.container.logs(),
    });
    const count = text.split("\n").filter((line) => line !== "" && !line.startsWith("#")).length;
    const [taken] = await prometheus.query("scrape_samples_scraped");
    // Between the two scrapes a status or a task may have come to it.
    expect(Math.abs(Number(taken?.value[1]) - count)).toBeLessThan(20);
  });

  test("has the names and labels that dashboards of this family know", async () => {
    const found = await eventually(async () => {
      const result = await prometheus.query('nginx_http_requests_total{status="200"}');
      return result.length > 0 && result;
    });
    const [sample] = found as Awaited<ReturnType<typeof prometheus.query>>;
    expect(sample?.metric).toMatchObject({
      __name__: "nginx_http_requests_total",
      host: "127.0.0.1",
      status: "200",
    });
    const states = await prometheus.query("nginx_http_connections");
    expect(states.map(({ metric }) => metric["state"]).sort()).toEqual(["reading", "waiting", "writing"]);
    const quantile =
      "histogram_quantile(0.9, sum by (le, host) (nginx_http_request_duration_seconds_bucket))";
    expect(Number((await prometheus.query(quantile))[0]?.value[1])).toBeGreaterThan(0);
  });

  test("every metric that an all-in-one container can have is there", async () => {
    // Where there is no limit or no version 2 of cgroups, and where the boot or the application had nothing to tell.
    const maybeAbsent =
      /^djinit_(container_memory_limit|container_pressure|boot_step|migrations|tls|vault|application)/;
    const wanted = Object.entries(METRICS).filter(
      // Nobody has asked for a task, and Django's own are not this project's.
      ([name]) => !maybeAbsent.test(name) && !/^(celery|django)_task/.test(name),
    );
    expect(wanted.length).toBeGreaterThan(30);
    for (const [name, { type }] of wanted) {
      const series = type === "histogram" ? `${name}_count` : name;
      const isThere = async () => (await prometheus.query(`{__name__="${series}"}`)).length > 0;
      await eventually(isThere, { what: name, timeoutMs: 30_000 });
    }
  });

  test("understands every expression of the dashboard", async () => {
    const dashboard = readFileSync(new URL("../../deploy/grafana/djinit.json", import.meta.url), "utf8");
    const expressions = dashboardExpressions(dashboard);
    expect(expressions.length).toBeGreaterThan(20);
    for (const expression of expressions) await prometheus.query(expression);
    await expect(prometheus.query("sum by (le (x)")).rejects.toThrow("cannot query");
  });
});
