import { ACCESS_FORMAT, ACCESS_FORMAT_END } from "../../src/logs/access/format.ts";

const VALUES: Record<string, string> = {
  $log_time: "2026-11-24T02:30:58.123Z",
  $log_level: "info",
  $pid: "12",
  "$request $status": "GET /cakes/?a=1 HTTP/1.1 200",
  $djinit_request_id: "4bf92f3577b34da6a3ce929d0e0e4736",
  $request_method: "GET",
  $http_host: "cakes.example:8000",
  $http_referer: "",
  $http_via: "",
  $http_x_forwarded_for: "10.0.0.1",
  $http_x_forwarded_proto: "https",
  $status: "200",
  $body_bytes_sent: "1234",
  $request_time: "0.012",
  $log_upstream_time: "0.011",
  $upstream_cache_status: "",
  $log_path: "/cakes/",
  $log_query: "a=1",
  $remote_addr: "10.0.0.9",
  $remote_user: "",
  $http_user_agent: "curl/8.1",
};

/** A line as nginx writes it, without its newline; `values` are JSON text already, as with `escape=json`. */
export function accessLine(values: Record<string, string> = {}): string {
  const parts = ACCESS_FORMAT.map(
    ({ literal, variable }) => literal + (values[variable] ?? VALUES[variable] ?? ""),
  );
  return parts.join("") + ACCESS_FORMAT_END;
}
