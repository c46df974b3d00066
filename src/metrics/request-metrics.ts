// Counts nginx's requests while their lines pass by. A request of a known host and status allocates nothing.
import { type Family, family, type Sample } from "./family.ts";
import { Histogram } from "./histogram.ts";
import { HostLabels, OTHER_HOSTS } from "./host-labels.ts";

/** The part of a request that is counted. */
export interface RequestFacts {
  /** The Host header as the client wrote it. */
  host: string;
  status: number;
  requestSeconds: number;
  bytesSent: number;
  upstreamSeconds: number | undefined;
  fromApplication: boolean;
  /** By nginx's cache; empty where it was not looked at. */
  cache: string;
}

/** Most Host headers that are remembered. The same host may be written in many ways. */
const MOST_REMEMBERED = 256;
const STATUSES = 600;
/** «Switching protocols»: nginx writes the line when the WebSocket is closed. */
const SWITCHED = 101;
/** Django's answer to a host that ALLOWED_HOSTS does not have. */
const BAD_REQUEST = 400;
const FIRST_SERVER_ERROR = 500;
/** By nginx, where it has not asked the application. */
const TOO_MANY = 429;
/** Of nginx's $upstream_cache_status. The log may be in a format of the user's own: others are not counted. */
const CACHE_RESULTS: readonly string[] = "HIT MISS EXPIRED STALE UPDATING REVALIDATED BYPASS".split(" ");
/** From a page that is left at once to one that is open all day. */
const WEBSOCKET_BOUNDS: readonly number[] = [1, 10, 60, 300, 1_800, 3_600, 14_400, 43_200, 86_400];

class HostMetrics {
  readonly statuses = new Uint32Array(STATUSES);
  readonly duration = new Histogram();
  readonly upstream = new Histogram();
  websocket: Histogram | undefined;
  cache: Uint32Array | undefined;
  bytes = 0;
  fromApplication = 0;
  limited = 0;
}

export class RequestMetrics {
  readonly #labels: HostLabels;
  readonly #byLabel = new Map<string, HostMetrics>();
  readonly #byHeader = new Map<string, HostMetrics>();

  constructor(allowedHosts: readonly string[] | undefined) {
    this.#labels = new HostLabels(allowedHosts);
  }

  count(facts: RequestFacts): void {
    const metrics = this.#byHeader.get(facts.host) ?? this.#find(facts);
    const status = facts.status >= 0 && facts.status < STATUSES ? facts.status : 0;
    metrics.statuses[status] = (metrics.statuses[status] as number) + 1;
    metrics.bytes += facts.bytesSent;
    // Hours that somebody has watched are nobody's wait for an answer.
    if (status === SWITCHED) {
      metrics.websocket ??= new Histogram(WEBSOCKET_BOUNDS);
      metrics.websocket.observe(facts.requestSeconds);
    } else {
      metrics.duration.observe(facts.requestSeconds);
      if (facts.upstreamSeconds !== undefined) metrics.upstream.observe(facts.upstreamSeconds);
    }
    if (facts.fromApplication) metrics.fromApplication += 1;
    else if (status === TOO_MANY) metrics.limited += 1;
    if (facts.cache !== "") countCache(metrics, facts.cache);
  }

  families(): Family[] {
    const hosts = [...this.#byLabel];
    const each = (sample: (metrics: HostMetrics) => number): Sample[] =>
      hosts.map(([host, metrics]) => ({ labels: { host }, value: sample(metrics) }));
    return [
      family("nginx_http_requests_total", hosts.flatMap(statusSamples)),
      family(
        "nginx_http_request_duration_seconds",
        hosts.flatMap(([host, { duration }]) =>
          duration.samples("nginx_http_request_duration_seconds", { host }),
        ),
      ),
      family(
        "nginx_http_response_bytes_total",
        each(({ bytes }) => bytes),
      ),
      family(
        "nginx_http_application_requests_total",
        each(({ fromApplication }) => fromApplication),
      ),
      family(
        "nginx_http_limited_requests_total",
        each(({ limited }) => limited),
      ),
      family("nginx_http_cache_requests_total", hosts.flatMap(cacheSamples)),
      family(
        "nginx_http_upstream_duration_seconds",
        hosts.flatMap(([host, { upstream }]) =>
          upstream.samples("nginx_http_upstream_duration_seconds", { host }),
        ),
      ),
      family(
        "nginx_http_websocket_duration_seconds",
        hosts.flatMap(
          ([host, { websocket }]) =>
            websocket?.samples("nginx_http_websocket_duration_seconds", { host }) ?? [],
        ),
      ),
    ];
  }

  #find({ host: header, status, fromApplication }: RequestFacts): HostMetrics {
    const isServed = fromApplication && status !== BAD_REQUEST && status < FIRST_SERVER_ERROR;
    const label = this.#labels.labelOf(header, isServed);
    const metrics = this.#byLabel.getOrInsertComputed(label, () => new HostMetrics());
    // It may be served yet.
    if (label === OTHER_HOSTS && !isServed) return metrics;
    // A client makes up names. The real hosts are remembered again at their next request.
    if (this.#byHeader.size >= MOST_REMEMBERED) this.#byHeader.clear();
    this.#byHeader.set(header, metrics);
    return metrics;
  }
}

function statusSamples([host, { statuses }]: [string, HostMetrics]): Sample[] {
  const samples: Sample[] = [];
  for (const [status, value] of statuses.entries())
    if (value > 0) samples.push({ labels: { host, status: String(status) }, value });
  return samples;
}

function countCache(metrics: HostMetrics, result: string): void {
  const index = CACHE_RESULTS.indexOf(result);
  if (index === -1) return;
  metrics.cache ??= new Uint32Array(CACHE_RESULTS.length);
  metrics.cache[index] = (metrics.cache[index] as number) + 1;
}

/** With zeros: a rate of what has not been seen before would be unknown. */
function cacheSamples([host, { cache }]: [string, HostMetrics]): Sample[] {
  return [...(cache ?? [])].map((value, index) => ({
    labels: { host, result: (CACHE_RESULTS[index] as string).toLowerCase() },
    value,
  }));
}
