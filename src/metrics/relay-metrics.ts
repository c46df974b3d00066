// Counts the services' output as it is relayed.
import { type Family, family } from "./family.ts";
import { type RequestFacts, RequestMetrics } from "./request-metrics.ts";

interface Output {
  lines: number;
  bytes: number;
}

/** An observer of the relay. */
export class RelayMetrics {
  readonly #requests: RequestMetrics;
  readonly #output = new Map<string, Output>();
  #workerStarts = 0;
  #workerTimeouts = 0;
  /** Characters of all pages of metrics so far. */
  printed = 0;

  constructor(allowedHosts: readonly string[] | undefined) {
    this.#requests = new RequestMetrics(allowedHosts);
  }

  access(facts: RequestFacts): void {
    this.#requests.count(facts);
  }

  /** Only gunicorn's log tells when its workers start or time out. */
  record(service: string, { msg }: { msg: string }): void {
    if (service !== "gunicorn") return;
    if (msg.startsWith("Booting worker")) this.#workerStarts += 1;
    else if (msg.startsWith("WORKER TIMEOUT")) this.#workerTimeouts += 1;
  }

  relayed(service: string, lines: number, bytes: number): void {
    const output = this.#output.getOrInsertComputed(service, () => ({ lines: 0, bytes: 0 }));
    output.lines += lines;
    output.bytes += bytes;
  }

  /** `services` are the names of the container's services. */
  families(services: readonly string[]): Family[] {
    const outputs = [...this.#output].map(([service, output]) => ({ labels: { service }, output }));
    return [
      ...(services.includes("nginx") ? this.#requests.families() : []),
      ...(services.includes("gunicorn")
        ? [
            family("gunicorn_worker_starts_total", [{ value: this.#workerStarts }]),
            family("gunicorn_worker_timeouts_total", [{ value: this.#workerTimeouts }]),
          ]
        : []),
      family(
        "djinit_log_lines_total",
        outputs.map(({ labels, output }) => ({ labels, value: output.lines })),
      ),
      family(
        "djinit_log_bytes_total",
        outputs.map(({ labels, output }) => ({ labels, value: output.bytes })),
      ),
    ];
  }
}
