// The ONE table of every metric: docs/metrics.md and the dashboard are checked against it.

export type MetricType = "counter" | "gauge" | "histogram" | "summary";

export interface Metric {
  type: MetricType;
  labels: readonly string[];
  help: string;
}

const metric = (type: MetricType, labels: readonly string[], help: string): Metric => ({
  type,
  labels,
  help,
});

export const METRICS = {
  nginx_http_connections: metric("gauge", ["state"], "Client connections: reading, writing, waiting."),
  nginx_http_connections_accepted_total: metric("counter", [], "Client connections accepted."),
  nginx_http_requests_total: metric("counter", ["host", "status"], "Requests answered."),
  nginx_http_request_duration_seconds: metric(
    "histogram",
    ["host"],
    "From the first byte of a request to the last of its response.",
  ),
  nginx_http_response_bytes_total: metric("counter", ["host"], "Bytes of response bodies sent."),
  nginx_http_application_requests_total: metric(
    "counter",
    ["host"],
    "Requests that Django answered; the others are files.",
  ),
  nginx_http_limited_requests_total: metric(
    "counter",
    ["host"],
    "Requests that nginx refused with 429, by DJINIT_RATE_LIMIT.",
  ),
  nginx_http_cache_requests_total: metric(
    "counter",
    ["host", "result"],
    "Requests that could be answered from what nginx keeps (DJINIT_CACHE), by what came of it.",
  ),
  nginx_http_upstream_duration_seconds: metric("histogram", ["host"], "How long Django took for a request."),
  nginx_http_websocket_duration_seconds: metric(
    "histogram",
    ["host"],
    "How long WebSockets were open that are closed.",
  ),

  djinit_request_queue_seconds: metric(
    "histogram",
    [],
    "From when nginx has the whole request until the application is called.",
  ),
  gunicorn_workers: metric("gauge", [], "Worker processes."),
  gunicorn_workers_busy: metric("gauge", [], "Workers with a request in hand."),
  gunicorn_websockets: metric("gauge", [], "Open WebSockets."),
  gunicorn_websocket_oldest_age_seconds: metric("gauge", [], "How long the oldest of them is open."),
  gunicorn_backlog: metric("gauge", [], "Connections that wait for a worker."),
  gunicorn_worker_starts_total: metric("counter", [], "Workers started, the first ones included."),
  gunicorn_worker_timeouts_total: metric("counter", [], "Workers killed for not answering in time."),

  celery_worker_up: metric("gauge", ["service"], "1 while the worker is running and not stuck."),
  celery_broker_connected: metric("gauge", ["service"], "1 while the worker is connected to its broker."),
  celery_heartbeat_age_seconds: metric(
    "gauge",
    ["service"],
    "Since the last report; of beat, since it was due.",
  ),
  djinit_beat_leader: metric("gauge", ["service"], "1 for the beat that sends, 0 for one that stands by."),
  celery_tasks_active: metric("gauge", ["service"], "Tasks being run."),
  celery_tasks_received_total: metric("counter", ["service", "task"], "Tasks taken from the broker."),
  celery_tasks_started_total: metric("counter", ["service", "task"], "Tasks begun."),
  celery_tasks_succeeded_total: metric("counter", ["service", "task"], "Tasks that succeeded."),
  celery_tasks_failed_total: metric("counter", ["service", "task"], "Tasks that failed."),
  celery_tasks_retried_total: metric("counter", ["service", "task"], "Tasks put back to be tried again."),
  celery_tasks_revoked_total: metric("counter", ["service", "task"], "Tasks revoked before they were run."),
  celery_task_runtime_seconds: metric(
    "histogram",
    ["service", "task"],
    "How long tasks ran that succeeded or failed.",
  ),
  celery_queue_length: metric("gauge", ["service", "queue"], "Messages waiting in the broker."),

  django_tasks_database_connected: metric("gauge", ["service"], "1 while the worker's database answers."),
  django_tasks_oldest_seconds: metric(
    "gauge",
    ["service", "queue"],
    "How long the oldest task of a queue has been waiting; absent where none waits.",
  ),

  djinit_container_cpu_seconds_total: metric("counter", [], "Processor time of the container."),
  djinit_container_cpu_periods_total: metric(
    "counter",
    [],
    "Periods in which the container ran, under a limit.",
  ),
  djinit_container_cpu_throttled_periods_total: metric(
    "counter",
    [],
    "Periods in which it reached its limit.",
  ),
  djinit_container_cpu_throttled_seconds_total: metric("counter", [], "Time it was kept from running."),
  djinit_container_pressure_seconds_total: metric(
    "counter",
    ["resource", "share"],
    "Time that processes of the container waited: some of them, or all (full); only with version 2 of cgroups.",
  ),
  djinit_container_memory_bytes: metric("gauge", [], "Memory of the container, page cache included."),
  djinit_container_memory_working_set_bytes: metric(
    "gauge",
    [],
    "The same without cache that can go at once.",
  ),
  djinit_container_memory_limit_bytes: metric("gauge", [], "The limit; absent where there is none."),
  djinit_container_oom_kills_total: metric("counter", [], "Processes killed for want of memory."),

  djinit_build_info: metric("gauge", ["version", "node", "role"], "1, with the version."),
  djinit_live: metric("gauge", [], "What /livez answers."),
  djinit_ready: metric("gauge", [], "What /readyz answers."),
  djinit_draining: metric("gauge", [], "1 while the container stops."),
  djinit_service_state: metric(
    "gauge",
    ["service", "state"],
    "1 for the state a service is in, 0 for the others.",
  ),
  djinit_service_ready: metric("gauge", ["service"], "Whether a service has come up."),
  djinit_service_restarts_total: metric("counter", ["service"], "Restarts after a service died."),
  djinit_service_cpu_seconds_total: metric("counter", ["service"], "Processor time of its processes."),
  djinit_service_memory_bytes: metric("gauge", ["service"], "Resident memory of its processes, added up."),
  djinit_service_processes: metric("gauge", ["service"], "Its processes."),
  djinit_log_lines_total: metric("counter", ["service"], "Lines relayed."),
  djinit_log_bytes_total: metric("counter", ["service"], "Bytes read from a service's output."),
  djinit_tls_certificate_expiry_timestamp_seconds: metric(
    "gauge",
    [],
    "When the certificate of DJINIT_TLS_CERT ends, in seconds since 1970; only where nginx takes TLS.",
  ),
  djinit_vault_lease_seconds: metric(
    "gauge",
    ["path"],
    "How long a lease in Vault, or djinit's token there, still lives.",
  ),
  djinit_vault_failures_total: metric(
    "counter",
    [],
    "Attempts that failed to renew or replace what Vault has lent.",
  ),
  djinit_boot_step_seconds: metric("gauge", ["step"], "How long a step of the boot took."),
  djinit_migrations: metric("gauge", ["state"], "Migrations: applied by this boot, and pending after it."),
  djinit_process_cpu_seconds_total: metric("counter", [], "Processor time of PID 1."),
  djinit_process_resident_memory_bytes: metric(
    "gauge",
    [],
    "Resident memory of PID 1, its files' pages included.",
  ),
  djinit_application_metrics_readable: metric(
    "gauge",
    [],
    "1 when the application's own metrics could be read; absent where it has none.",
  ),
} as const satisfies Record<string, Metric>;

export type MetricName = keyof typeof METRICS;
