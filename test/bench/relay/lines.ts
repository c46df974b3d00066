// The lines that the relay's figures are made with. Each has a mark, so that what is lost, doubled or torn shows.
import { ACCESS_FORMAT, ACCESS_FORMAT_END } from "../../../src/logs/access/format.ts";

export type LineKind = "access" | "gunicorn" | "celery";

/** Writer and number of a line, each of a fixed length. */
export const MARK = /#w(\d\d)-(\d{8})/;

export function markOf(writer: number, number: number): string {
  return `#w${String(writer).padStart(2, "0")}-${String(number).padStart(8, "0")}`;
}

/** What nginx writes for a static file that a browser asks for. */
const VALUES: Record<string, string> = {
  $log_time: "2026-11-24T03:12:53.738Z",
  $log_level: "info",
  $pid: "22",
  $djinit_request_id: "0123456789abcdef0123456789abcdef",
  $request_method: "GET",
  $http_host: "cakes.example:8000",
  $http_referer: "https://cakes.example/",
  $http_via: "",
  $http_x_forwarded_for: "192.0.2.1",
  $http_x_forwarded_proto: "https",
  $status: "200",
  $body_bytes_sent: "1234",
  $request_time: "0.001",
  $log_upstream_time: "null",
  $upstream_cache_status: "",
  $log_query: "",
  $remote_addr: "172.17.0.1",
  $remote_user: "",
  $http_user_agent:
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
};

/** One line as a service writes it. */
export function lineOf(kind: LineKind, mark: string): string {
  switch (kind) {
    case "access": {
      const path = "/static/cakes/pictures/sacher.svg";
      const own: Record<string, string> = {
        "$request $status": `GET ${path}?${mark} HTTP/1.1 200`,
        $log_path: path,
        $log_query: mark,
      };
      const parts = ACCESS_FORMAT.map(
        ({ literal, variable }) => literal + (own[variable] ?? VALUES[variable]),
      );
      return `${parts.join("")}${ACCESS_FORMAT_END}\n`;
    }
    case "gunicorn":
      return `[2026-11-24 03:12:53 +0000] [21] [INFO] the oven is hot, ${mark}, and the cake goes in\n`;
    case "celery":
      return `[2026-11-24 03:12:53,738: INFO/ForkPoolWorker-1] the oven is hot, ${mark}, and the cake goes in\n`;
  }
}

/** What becomes of it, without the 24 characters of its time. */
export function recordOf(kind: LineKind, mark: string): string {
  const msg = `the oven is hot, ${mark}, and the cake goes in`;
  switch (kind) {
    case "access":
      return withoutTime(lineOf(kind, mark).trimEnd());
    case "gunicorn":
      return `{"time":"","level":"info","service":"gunicorn","pid":21,"msg":"${msg}"}`;
    case "celery":
      return `{"time":"","level":"info","service":"celery-worker","pid":PID,"msg":"${msg}","process":"ForkPoolWorker-1"}`;
  }
}

const TIME_AT = '{"time":"'.length;
const TIME_LENGTH = "2026-11-24T03:12:53.738Z".length;

export function withoutTime(record: string): string {
  return record.slice(0, TIME_AT) + record.slice(TIME_AT + TIME_LENGTH);
}
