// The services as PID 1 knows them, and PID 1 itself.
import type { MetricName } from "./catalogue.ts";
import { type Family, family, single } from "./family.ts";

export interface ServiceMetrics {
  service: string;
  state: string;
  ready: boolean;
  restarts: number;
  processes: number;
  cpuSeconds: number;
  memoryBytes: number;
}

export interface Condition {
  live: boolean;
  ready: boolean;
  draining: boolean;
}

export interface Build {
  version: string;
  node: string;
  role: string;
}

/** `states` are all states that a service can be in. */
export function collectServices(services: readonly ServiceMetrics[], states: readonly string[]): Family[] {
  const each = (name: MetricName, value: (service: ServiceMetrics) => number): Family =>
    family(
      name,
      services.map((metrics) => ({ labels: { service: metrics.service }, value: value(metrics) })),
    );
  return [
    family(
      "djinit_service_state",
      services.flatMap(({ service, state }) =>
        states.map((name) => ({ labels: { service, state: name }, value: Number(name === state) })),
      ),
    ),
    each("djinit_service_ready", ({ ready }) => Number(ready)),
    each("djinit_service_restarts_total", ({ restarts }) => restarts),
    each("djinit_service_cpu_seconds_total", ({ cpuSeconds }) => cpuSeconds),
    each("djinit_service_memory_bytes", ({ memoryBytes }) => memoryBytes),
    each("djinit_service_processes", ({ processes }) => processes),
  ];
}

export function collectCondition({ live, ready, draining }: Condition): Family[] {
  return [
    ...single("djinit_live", live),
    ...single("djinit_ready", ready),
    ...single("djinit_draining", draining),
  ];
}

export function collectBuild({ version, node, role }: Build): Family[] {
  return [family("djinit_build_info", [{ labels: { version, node, role }, value: 1 }])];
}

/** Of this process. */
export function collectOwnProcess(): Family[] {
  const { user, system } = process.cpuUsage();
  return [
    ...single("djinit_process_cpu_seconds_total", (user + system) / 1e6),
    ...single("djinit_process_resident_memory_bytes", process.memoryUsage.rss()),
  ];
}
