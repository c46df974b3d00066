// The facts of an access line that has been read as JSON already.
import type { AccessFacts } from "./observer.ts";
import type { Fields } from "./record.ts";

/** Undefined where it is no access line. `upstream_response_time` is a list where nginx has asked more than once. */
export function readAccessFacts(fields: Fields): AccessFacts | undefined {
  const status = Number(fields["status"]);
  if (typeof fields["request"] !== "string" || !Number.isInteger(status)) return undefined;
  const upstream = /[\d.]+$/.exec(String(fields["upstream_response_time"] ?? ""))?.[0];
  return {
    host: String(fields["http_host"] ?? ""),
    status,
    requestSeconds: Number(fields["request_time"]) || 0,
    bytesSent: Number(fields["body_bytes_sent"]) || 0,
    upstreamSeconds: upstream === undefined ? undefined : Number(upstream),
    fromApplication: upstream !== undefined,
  };
}
