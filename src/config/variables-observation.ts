// The rows of the table about observing a container: logs, probes, metrics. Part of variables.ts.
import { levels, requests } from "./log-types.ts";
import { choice, flag, integer, ipAddress, text } from "./value-types.ts";
import { variable } from "./variable.ts";

export const OBSERVATION_VARIABLES = {
  adminPort: variable(
    "DJINIT_ADMIN_PORT",
    integer(0, 65_535),
    "TCP port of `/metrics` and the probes, read-only; 0: none.",
    { default: "9180" },
  ),
  adminAddress: variable(
    "DJINIT_ADMIN_ADDRESS",
    ipAddress(),
    "The address of the container at which that port is, such as 127.0.0.1. Default: all of them.",
  ),
  nginxProbes: variable(
    "DJINIT_NGINX_PROBES",
    flag(),
    "Web: nginx answers `/-/livez`, `/-/readyz` and `/-/startupz` too.",
    { default: "" },
  ),
  metricsHosts: variable(
    "DJINIT_METRICS_HOSTS",
    text(),
    "Hosts with a `host` label of their own in the metrics, separated by commas; others are `other`. Default: ALLOWED_HOSTS.",
  ),
  allowedHosts: variable(
    "ALLOWED_HOSTS",
    text(),
    "The application's own; djinit takes the default of DJINIT_METRICS_HOSTS from it.",
    { passedOn: true },
  ),
  djangoAllowedHosts: variable("DJANGO_ALLOWED_HOSTS", text(), "The same, where ALLOWED_HOSTS is not set.", {
    passedOn: true,
  }),
  logFormat: variable(
    "DJINIT_LOG_FORMAT",
    choice("json", "logfmt", "pretty"),
    "How records are written. Without it: json, or pretty where stdout is a terminal.",
  ),
  logLevels: variable(
    "DJINIT_LOG_LEVEL",
    levels(),
    "The least serious level that is written: for all, for a service, or both, as in `info,celery-worker=warn`.",
  ),
  logSkip: variable(
    "DJINIT_LOG_SKIP",
    requests(),
    "Requests that are not logged if they are answered below 400, as in `/health/,/-/*,kube-probe`.",
  ),
  logAccessFields: variable(
    "DJINIT_LOG_ACCESS_FIELDS",
    choice("schema", "nginx"),
    "nginx: the fields of a request have the names that docker-django-bootstrap gave them.",
    { default: "schema" },
  ),
} as const;
