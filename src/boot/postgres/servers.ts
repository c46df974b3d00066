// A database URL → the servers to try, with what libpq would take from the environment where the URL says nothing.
import { userInfo } from "node:os";
import type { ClientConfig } from "pg";
import { DJANGO_USER } from "../../plan/paths.ts";
import { type Encryption, encryptionOf } from "./encryption.ts";
import { passwordFrom } from "./password-file.ts";
import { parseUrl } from "./url.ts";

/** Of the distributions' libpq, and of the one in psycopg's wheels. */
const DEFAULT_SOCKET = "/var/run/postgresql";
const DEFAULT_PORT = "5432";
const SESSIONS = ["any", "read-write", "read-only", "primary", "standby", "prefer-standby"] as const;

export type WantedSession = (typeof SESSIONS)[number];

export interface Server extends ClientConfig, Encryption {
  host: string;
  port: number;
  wants: WantedSession;
}

/** libpq's names of its parameters, and of the variables that stand in for them. */
const VARIABLES = {
  host: "PGHOST",
  hostaddr: "PGHOSTADDR",
  port: "PGPORT",
  dbname: "PGDATABASE",
  user: "PGUSER",
  password: "PGPASSWORD",
  passfile: "PGPASSFILE",
  options: "PGOPTIONS",
  application_name: "PGAPPNAME",
  target_session_attrs: "PGTARGETSESSIONATTRS",
  sslmode: "PGSSLMODE",
  sslrootcert: "PGSSLROOTCERT",
  sslcert: "PGSSLCERT",
  sslkey: "PGSSLKEY",
  sslnegotiation: "PGSSLNEGOTIATION",
  SSL_CERT_FILE: "SSL_CERT_FILE",
} as const;

export type Parameters = Partial<Record<keyof typeof VARIABLES | "sslpassword", string>>;

/** One at least. Errors: what is wrong with the URL or its options, in words that go on a sentence about it. */
export function serversOf(url: string, environment: NodeJS.ProcessEnv): Server[] {
  const { user, password, database, hosts, parameters } = parseUrl(url);
  // What stands before the question mark wins, as it does where Django has both.
  const named: Parameters = {
    ...parameters,
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
    ...(database === undefined ? {} : { dbname: database }),
    ...(hosts.some(({ host }) => host !== "") ? { host: hosts.map(({ host }) => host).join() } : {}),
    ...(hosts.some(({ port }) => port !== "") ? { port: hosts.map(({ port }) => port).join() } : {}),
  };
  // JDBC's word for it, and dj-database-url's.
  if (parameters["ssl"] === "true") named.sslmode ??= "require";
  if (parameters["currentSchema"]) named.options = `-c search_path=${parameters["currentSchema"]}`;
  const given = withVariables(named, environment);
  const wants = (given.target_session_attrs || "any") as WantedSession;
  if (!SESSIONS.includes(wants))
    throw new Error(
      `its target_session_attrs is ${JSON.stringify(wants)}, which is none of ${SESSIONS.join(", ")}`,
    );
  const common: ClientConfig & Pick<Server, "wants"> = {
    user: given.user ?? systemUser(),
    ...(given.dbname ? { database: given.dbname } : {}),
    ...(given.options ? { options: given.options } : {}),
    ...(given.application_name ? { application_name: given.application_name } : {}),
    wants,
  };
  return placesOf(given).map(({ host, address, port }) => {
    const place = { host: address || host, port: Number(port) };
    const login = { ...common, host, port: place.port };
    const password = given.password ?? passwordFrom(given.passfile, environment, login);
    return {
      ...common,
      ...place,
      ...(password === undefined ? {} : { password }),
      ...encryptionOf(given, host),
    };
  });
}

function withVariables(named: Parameters, environment: NodeJS.ProcessEnv): Parameters {
  const given = { ...named };
  for (const [parameter, variable] of Object.entries(VARIABLES) as [keyof typeof VARIABLES, string][]) {
    const value = environment[variable];
    if (value) given[parameter] ??= value;
  }
  return given;
}

/** Lists, of which a port alone counts for all. */
function placesOf(given: Parameters): { host: string; address: string; port: string }[] {
  const [hosts, addresses, ports] = [list(given.host), list(given.hostaddr), list(given.port)];
  return Array.from({ length: Math.max(hosts.length, addresses.length) }, (_, at) => ({
    host: hosts[at] || (addresses[at] ? "" : DEFAULT_SOCKET),
    address: addresses[at] ?? "",
    port: (ports.length === 1 ? ports[0] : ports[at]) || DEFAULT_PORT,
  }));
}

function list(text: string | undefined): string[] {
  return (text ?? "").split(",");
}

/** libpq's default. If djinit is root, the application is user django. */
function systemUser(): string | undefined {
  if (process.getuid?.() === 0) return DJANGO_USER;
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}
