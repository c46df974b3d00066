// The fields of an nginx access line in JSON: djinit's names, or those of docker-django-bootstrap.
import type { AccessFacts } from "../observer.ts";
import type { Fields } from "../record.ts";

export interface AccessLine {
  facts: AccessFacts;
  path: string;
  agent: string;
}

/** Undefined if the object is not an access line. */
export function readAccessLine(fields: Fields): AccessLine | undefined {
  return typeof fields["request"] === "string" ? readNginxNames(fields) : readSchema(fields);
}

function readSchema(fields: Fields): AccessLine | undefined {
  const at = (...names: string[]): unknown => names.reduce(fieldOf, fields);
  const status = at("http", "response", "status_code");
  if (typeof status !== "number" || at("http", "request", "method") === undefined) return undefined;
  const upstream = at("http", "upstream", "duration");
  const upstreamSeconds = typeof upstream === "number" ? upstream : undefined;
  return {
    facts: {
      host: textOf(at("http", "request", "header", "host")),
      status,
      requestSeconds: numberOf(at("http", "server", "request", "duration")) ?? 0,
      bytesSent: numberOf(at("http", "response", "body", "size")) ?? 0,
      upstreamSeconds,
      fromApplication: upstreamSeconds !== undefined,
      cache: textOf(at("http", "upstream", "cache")),
    },
    path: textOf(at("url", "path")),
    agent: textOf(at("user_agent", "original")),
  };
}

/** The user's own nginx.conf may still use the names of docker-django-bootstrap. */
function readNginxNames(fields: Fields): AccessLine | undefined {
  const status = numberOf(fields["status"]);
  if (status === undefined || !Number.isInteger(status)) return undefined;
  // A list if nginx asked the upstream more than once.
  const upstream = /[\d.]+$/.exec(textOf(fields["upstream_response_time"]))?.[0];
  return {
    facts: {
      host: textOf(fields["http_host"]),
      status,
      requestSeconds: numberOf(fields["request_time"]) ?? 0,
      bytesSent: numberOf(fields["body_bytes_sent"]) ?? 0,
      upstreamSeconds: numberOf(upstream),
      fromApplication: numberOf(upstream) !== undefined,
      cache: textOf(fields["upstream_cache_status"]),
    },
    path: textOf(fields["request"]).split(" ")[1]?.split("?")[0] ?? "",
    agent: textOf(fields["http_user_agent"]),
  };
}

/** The same request under the names of docker-django-bootstrap. */
export function toNginxNames(fields: Fields): Fields {
  const at = (...names: string[]): unknown => names.reduce(fieldOf, fields);
  const status = at("http", "response", "status_code");
  const header = (name: string): unknown => at("http", "request", "header", name);
  const { http: _http, url: _url, client: _client, user: _user, user_agent: _agent, ...others } = fields;
  return {
    ...(others as Fields),
    remote_addr: at("client", "address"),
    remote_user: at("user", "name"),
    request: fields.msg.endsWith(` ${status}`) ? fields.msg.slice(0, -` ${status}`.length) : fields.msg,
    status,
    body_bytes_sent: at("http", "response", "body", "size"),
    request_time: at("http", "server", "request", "duration"),
    upstream_response_time: at("http", "upstream", "duration"),
    // docker-django-bootstrap has no cache, and no name for it.
    upstream_cache_status: at("http", "upstream", "cache") || undefined,
    http_host: header("host"),
    http_referer: header("referer"),
    http_user_agent: at("user_agent", "original"),
    http_via: header("via"),
    http_x_forwarded_proto: header("x-forwarded-proto"),
    http_x_forwarded_for: header("x-forwarded-for"),
  };
}

function fieldOf(outer: unknown, name: string): unknown {
  return typeof outer === "object" && outer !== null ? (outer as Record<string, unknown>)[name] : undefined;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** The value of a number, or of text that is one. Objects are not converted, because that can throw. */
function numberOf(value: unknown): number | undefined {
  const number = typeof value === "string" && value !== "" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : undefined;
}
