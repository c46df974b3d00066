import { describe, expect, test } from "vitest";
import { RelayMetrics } from "../../../src/metrics/relay-metrics.ts";
import { type RequestFacts, RequestMetrics } from "../../../src/metrics/request-metrics.ts";
import { printed } from "../../support/printed-metrics.ts";

const request = (more: Partial<RequestFacts> = {}): RequestFacts => ({
  host: "cakes.example",
  status: 200,
  requestSeconds: 0.02,
  bytesSent: 100,
  upstreamSeconds: 0.01,
  fromApplication: true,
  cache: "",
  ...more,
});

describe("requests", () => {
  test("are counted by host and status, with their bytes, their time, and who answered", async () => {
    const metrics = new RequestMetrics(["cakes.example"]);
    for (const facts of [
      request(),
      request({ status: 404, bytesSent: 5 }),
      request({ host: "CAKES.example:80", upstreamSeconds: undefined, fromApplication: false }),
      request({ host: "elsewhere.example", status: 503 }),
    ])
      metrics.count(facts);
    const samples = await printed(metrics.families());
    expect(samples.get('nginx_http_requests_total{host="cakes.example",status="200"}')).toBe(2);
    expect(samples.get('nginx_http_requests_total{host="cakes.example",status="404"}')).toBe(1);
    expect(samples.get('nginx_http_requests_total{host="other",status="503"}')).toBe(1);
    expect(samples.get('nginx_http_response_bytes_total{host="cakes.example"}')).toBe(205);
    expect(samples.get('nginx_http_application_requests_total{host="cakes.example"}')).toBe(2);
    expect(samples.get('nginx_http_upstream_duration_seconds_count{host="cakes.example"}')).toBe(2);
    expect(samples.get('nginx_http_request_duration_seconds_count{host="cakes.example"}')).toBe(3);
    expect(samples.get('nginx_http_request_duration_seconds_sum{host="cakes.example"}')).toBeCloseTo(0.06);
  });

  test("those that nginx refused as too many are told from the application's own 429", async () => {
    const metrics = new RequestMetrics(undefined);
    metrics.count(request({ status: 429 }));
    for (const _ of [1, 2])
      metrics.count(request({ status: 429, upstreamSeconds: undefined, fromApplication: false }));
    metrics.count(request({ upstreamSeconds: undefined, fromApplication: false }));
    const samples = await printed(metrics.families());
    expect(samples.get('nginx_http_limited_requests_total{host="cakes.example"}')).toBe(2);
  });

  test("what nginx's cache made of them, where it was asked; only words of nginx's", async () => {
    const metrics = new RequestMetrics(undefined);
    metrics.count(request());
    expect([...(await printed(metrics.families())).keys()].join()).not.toContain("cache_requests");
    for (const cache of ["HIT", "HIT", "MISS", "made up", ""]) metrics.count(request({ cache }));
    const samples = await printed(metrics.families());
    const of = (result: string) =>
      samples.get(`nginx_http_cache_requests_total{host="cakes.example",result="${result}"}`);
    expect(["hit", "miss", "stale", "made up"].map(of)).toEqual([2, 1, 0, undefined]);
  });

  test("a closed WebSocket is a request of a status, and its hours are in no answer's time", async () => {
    const metrics = new RequestMetrics(undefined);
    metrics.count(request());
    expect([...(await printed(metrics.families())).keys()].join()).not.toContain("websocket");
    metrics.count(request({ status: 101, requestSeconds: 7_200, upstreamSeconds: 7_200 }));
    const samples = await printed(metrics.families());
    const of = (name: string) => samples.get(`nginx_http_${name}{host="cakes.example"}`);
    expect(samples.get('nginx_http_requests_total{host="cakes.example",status="101"}')).toBe(1);
    expect(of("request_duration_seconds_count")).toBe(1);
    expect(of("upstream_duration_seconds_count")).toBe(1);
    expect(of("websocket_duration_seconds_sum")).toBe(7_200);
    expect(of("response_bytes_total")).toBe(200);
  });

  test("buckets are cumulative, and a bound belongs to its bucket", async () => {
    const metrics = new RequestMetrics(undefined);
    for (const requestSeconds of [0, 0.005, 0.006, 10, 11]) metrics.count(request({ requestSeconds }));
    const samples = await printed(metrics.families());
    const bucket = (le: string) =>
      samples.get(`nginx_http_request_duration_seconds_bucket{host="cakes.example",le="${le}"}`);
    expect(["0.005", "0.01", "5.0", "10.0", "+Inf"].map(bucket)).toEqual([2, 3, 3, 4, 5]);
  });

  test("10,000 host names make 51 series, and as few are remembered", async () => {
    const metrics = new RequestMetrics(undefined);
    for (let at = 0; at < 10_000; at += 1) metrics.count(request({ host: `h${at}.example` }));
    const series = [...(await printed(metrics.families())).keys()].filter((name) =>
      name.startsWith("nginx_http_requests_total"),
    );
    expect(series).toHaveLength(51);
    const samples = await printed(metrics.families());
    expect(samples.get('nginx_http_requests_total{host="other",status="200"}')).toBe(9_950);
  });

  test("hosts that the application does not serve leave the labels to those that it does", async () => {
    const metrics = new RequestMetrics(undefined);
    const file = { status: 200, upstreamSeconds: undefined, fromApplication: false };
    for (let at = 0; at < 100; at += 1)
      for (const more of [{ status: 400 }, file, { status: 502 }])
        metrics.count(request({ host: `h${at}.example`, ...more }));
    metrics.count(request(file));
    metrics.count(request());
    metrics.count(request(file));
    const samples = await printed(metrics.families());
    const of = (host: string, status: number) =>
      samples.get(`nginx_http_requests_total{host="${host}",status="${status}"}`);
    expect([of("other", 400), of("other", 200), of("cakes.example", 200)]).toEqual([100, 101, 2]);
    expect(samples.has('nginx_http_requests_total{host="h0.example",status="400"}')).toBe(false);
  });

  test("a status that is none is counted as 0", async () => {
    const metrics = new RequestMetrics(["cakes.example"]);
    for (const status of [-1, 1_000, Number.NaN]) metrics.count(request({ status }));
    const samples = await printed(metrics.families());
    expect(samples.get('nginx_http_requests_total{host="cakes.example",status="0"}')).toBe(3);
  });
});

describe("the output of services", () => {
  test("lines and bytes are counted by service, gunicorn's workers by what it says", async () => {
    const metrics = new RelayMetrics(undefined);
    metrics.relayed("gunicorn", 2, 50);
    metrics.relayed("gunicorn", 1, 10);
    for (const msg of [
      "Booting worker with pid: 7",
      "Booting worker with pid: 8",
      "WORKER TIMEOUT (pid:7)",
      "x",
    ])
      metrics.record("gunicorn", { msg });
    metrics.record("celery-worker", { msg: "Booting worker with pid: 9" });
    const samples = await printed(metrics.families(["gunicorn", "nginx"]));
    expect(samples.get('djinit_log_lines_total{service="gunicorn"}')).toBe(3);
    expect(samples.get('djinit_log_bytes_total{service="gunicorn"}')).toBe(60);
    expect(samples.get("gunicorn_worker_starts_total")).toBe(2);
    expect(samples.get("gunicorn_worker_timeouts_total")).toBe(1);
  });

  test("a container without nginx and gunicorn has no metrics of theirs", () => {
    const names = new RelayMetrics(undefined).families(["celery-worker"]).map(({ name }) => name);
    expect(names).toEqual(["djinit_log_lines_total", "djinit_log_bytes_total"]);
  });
});
