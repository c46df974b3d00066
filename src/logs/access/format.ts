// The log_format of docker/etc/nginx/nginx.conf, part by part (a test compares the two). Such a line is a finished
// record: PID 1 only checks its bytes.

/** Which values a variable may have. */
export type ValueKind =
  /** Text within quotes. */
  | "text"
  /** The time, in UTC with milliseconds. */
  | "time"
  /** `info` or `error`. */
  | "level"
  /** Digits. */
  | "whole"
  /** Digits, which may have a fraction. */
  | "decimal"
  /** The same, or null. */
  | "decimal-or-null";

/** The values that metrics and filters need. The others are only checked. */
export type ValueRole =
  | "status"
  | "bytesSent"
  | "requestSeconds"
  | "upstreamSeconds"
  | "cache"
  | "host"
  | "path"
  | "agent";

export interface FormatPart {
  /** The text before the value. */
  literal: string;
  /** nginx's variables. */
  variable: string;
  kind: ValueKind;
  role?: ValueRole;
}

const part = (literal: string, variable: string, kind: ValueKind, role?: ValueRole): FormatPart => ({
  literal,
  variable,
  kind,
  ...(role === undefined ? {} : { role }),
});

export const ACCESS_FORMAT: readonly FormatPart[] = [
  part('{"time":"', "$log_time", "time"),
  part('","level":"', "$log_level", "level"),
  part('","service":"nginx","pid":', "$pid", "whole"),
  part(',"msg":"', "$request $status", "text"),
  part('","request_id":"', "$djinit_request_id", "text"),
  part('","http":{"request":{"method":"', "$request_method", "text"),
  part('","header":{"host":"', "$http_host", "text", "host"),
  part('","referer":"', "$http_referer", "text"),
  part('","via":"', "$http_via", "text"),
  part('","x-forwarded-for":"', "$http_x_forwarded_for", "text"),
  part('","x-forwarded-proto":"', "$http_x_forwarded_proto", "text"),
  part('"}},"response":{"status_code":', "$status", "whole", "status"),
  part(',"body":{"size":', "$body_bytes_sent", "whole", "bytesSent"),
  part('}},"server":{"request":{"duration":', "$request_time", "decimal", "requestSeconds"),
  part('}},"upstream":{"duration":', "$log_upstream_time", "decimal-or-null", "upstreamSeconds"),
  part(',"cache":"', "$upstream_cache_status", "text", "cache"),
  part('"}},"url":{"path":"', "$log_path", "text", "path"),
  part('","query":"', "$log_query", "text"),
  part('"},"client":{"address":"', "$remote_addr", "text"),
  part('"},"user":{"name":"', "$remote_user", "text"),
  part('"},"user_agent":{"original":"', "$http_user_agent", "text", "agent"),
];
export const ACCESS_FORMAT_END = '"}}';
/** What stands between the two parts around the cache in a copy of an older nginx.conf, which does not tell of it. */
export const WITHOUT_CACHE = '}},"url":{"path":"';
