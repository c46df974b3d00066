// What nginx answers by itself where it refuses a request, or has no answer of the application's: files, which a project
// may replace.
import { existsSync } from "node:fs";
import type { Config } from "../../config/variables.ts";
import { retryAfterSeconds } from "./rate-limit.ts";

/** The image's own. */
const PAGES = "/etc/nginx/errors";

/** By nginx's own status the one that the client gets, which its page is named by. nginx would make 400 of 494. */
const STATUSES: Readonly<Record<string, number>> = {
  413: 413,
  414: 414,
  429: 429,
  494: 431,
  500: 500,
  502: 502,
  504: 504,
};

type PagesConfig = Pick<Config, "errorPages" | "rateLimit" | "rateBurst">;

/** Inside the server. An answer of the application's passes as it is, whatever its status. */
export function errorPages(config: PagesConfig): string {
  const entries = Object.entries(STATUSES);
  return [
    ...entries.map(([own, status]) => `error_page ${own} =${status} /-/errors/${status};`),
    ...entries.map(([, status]) => location(status, config)),
    "",
  ].join("\n");
}

function location(status: number, config: PagesConfig): string {
  const directories = [...(config.errorPages === undefined ? [] : [config.errorPages]), PAGES];
  const files = directories.map((directory) => `"${directory}/${status}$djinit_error_form"`);
  const lines = [
    "internal;",
    'root "/";',
    // A project's directory may be the application's: its link leads to its own files alone. Volumes of Kubernetes' are links of root's.
    "disable_symlinks if_not_owner;",
    `try_files ${files.join(" ")} =${status};`,
    "add_header Cache-Control no-store always;",
    "add_header X-Content-Type-Options nosniff always;",
    "add_header X-Request-ID $djinit_request_id always;",
    ...(status === 429 ? [`add_header Retry-After ${retryAfterSeconds(config)} always;`] : []),
  ];
  return `location = /-/errors/${status} {\n${lines.map((line) => `    ${line}\n`).join("")}}`;
}

/** Whether a directory has any page that nginx would look for there. */
export function hasPages(directory: string): boolean {
  return Object.values(STATUSES).some((status) =>
    ["html", "json"].some((form) => existsSync(`${directory}/${status}.${form}`)),
  );
}
