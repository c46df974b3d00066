// libpq's services: a database's address under a name, in a file of its own.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readUntrusted } from "../../base/untrusted-file.ts";
import { POSTGRES_SCHEME } from "../../plan/database-kind.ts";
import { readAsApplication } from "./as-application.ts";

const MOST_BYTES = 1024 * 1024;
/** Of Debian's libpq, and of the one in psycopg's wheels. */
const SYSTEM_DIRECTORY = "/etc/postgresql-common";
/** Those that djinit takes as libpq does, in a URL too, and those without a meaning for where and as whom to connect. */
const UNDERSTOOD = new Set([
  ...["host", "hostaddr", "port", "dbname", "user", "password", "passfile", "options"],
  ...["sslmode", "sslrootcert", "sslcert", "sslkey", "sslpassword", "sslnegotiation", "target_session_attrs"],
  ...["application_name", "fallback_application_name", "client_encoding", "connect_timeout"],
  ...["keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout"],
]);

/**
 * The same URL without its service, which may also be named by PGSERVICE: with what the file says of it. The URL itself where none
 * is named. Undefined where only libpq can tell: no such file or service, or something in it that djinit does not know.
 */
export function withoutService(url: string, environment: NodeJS.ProcessEnv): string | undefined {
  const [address = "", query = ""] = splitOnce(url, "?");
  const parameters = new URLSearchParams(query);
  const name = parameters.get("service") || environment["PGSERVICE"];
  if (!name || !POSTGRES_SCHEME.test(url)) return url;
  const found = findService(name, environment);
  if (found === undefined) return undefined;
  parameters.delete("service");
  // What the URL says itself wins, and what stands before the question mark is read first anyhow.
  for (const [key, value] of found) if (!parameters.has(key)) parameters.set(key, value);
  return `${address}?${parameters}`;
}

/** As libpq looks for it: a file of the user's, then the system's. */
function findService(name: string, environment: NodeJS.ProcessEnv): Map<string, string> | undefined {
  const { HOME: home, PGSERVICEFILE: given, PGSYSCONFDIR: system = SYSTEM_DIRECTORY } = environment;
  const own = given || (home ? join(home, ".pg_service.conf") : undefined);
  const last = join(system, "pg_service.conf");
  for (const path of own === undefined ? [last] : [own, last]) {
    if (path !== given && !existsSync(path)) continue;
    // The application can write into its home, and what it links to might be root's alone.
    const section = readSection(path, name, { followsLinks: path !== own || path === given });
    if (section === "unclear") return undefined;
    if (section !== "absent") return section;
  }
  return undefined;
}

function readSection(
  path: string,
  name: string,
  { followsLinks }: { followsLinks: boolean },
): Map<string, string> | "absent" | "unclear" {
  let text: string;
  try {
    const rules = { mostBytes: MOST_BYTES, followsLinks };
    text = readAsApplication(() => readUntrusted(path, rules)).toString("utf8");
  } catch {
    return "unclear";
  }
  let section: Map<string, string> | undefined;
  for (const line of text.split("\n").map((each) => each.trim())) {
    if (line === "" || line.startsWith("#")) continue;
    if (line.startsWith("[")) {
      if (section !== undefined) break;
      if (line.startsWith(`[${name}]`)) section = new Map();
      continue;
    }
    if (section === undefined) continue;
    const [key, value] = splitOnce(line, "=");
    if (value === undefined || !UNDERSTOOD.has(key) || isAddress(key, value)) return "unclear";
    // As in libpq, the first one counts.
    if (!section.has(key)) section.set(key, value);
  }
  return section ?? "absent";
}

/** libpq takes such a name for a whole address. */
function isAddress(key: string, value: string): boolean {
  return key === "dbname" && /[/=]/.test(value);
}

function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}
