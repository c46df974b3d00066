// The text of a database URL, read as dj-database-url and django-environ read it: what they take, djinit takes.
import { POSTGRES_SCHEME } from "../../plan/database-kind.ts";

export interface PostgresUrl {
  user?: string;
  password?: string;
  database?: string;
  /** One at least. Empty where the URL says nothing. */
  hosts: { host: string; port: string }[];
  /** By libpq's names. */
  parameters: Record<string, string>;
}

/** Authority, path, query. */
const PARTS = /^([^/?#]*)(\/[^?#]*)?(?:\?([^#]*))?(?:#.*)?$/s;
const HOST_AND_PORT = /^(\[[^\]]*\]|[^:]*)(?::([^:]*))?$/;
const CANNOT_BE_PARSED = "it cannot be parsed: write special characters in the password as %XX";

/** Errors: what is wrong with it, in words that go on a sentence about it and repeat nothing that may be its password. */
export function parseUrl(url: string): PostgresUrl {
  const rest = withEscapes(url.replace(POSTGRES_SCHEME, ""));
  const [, authority = "", path = "", query = ""] = PARTS.exec(rest) ?? [];
  const at = authority.lastIndexOf("@");
  const [, user = "", password] = /^([^:]*)(?::(.*))?$/s.exec(authority.slice(0, Math.max(at, 0))) ?? [];
  const name = unquote(path.slice(1));
  const parameters: Record<string, string> = Object.fromEntries(new URLSearchParams(query));
  // postgres:////run/postgresql/cakes: the directory of the socket stands before the database.
  const slash = name.startsWith("/") ? name.lastIndexOf("/") : -1;
  const hosts = slash > 0 ? [{ host: name.slice(0, slash), port: "" }] : hostsOf(authority.slice(at + 1));
  const maySpillPassword = at === -1 && rest.slice(authority.length).includes("@");
  for (const { port } of hosts) requirePort(port, maySpillPassword);
  for (const port of (parameters["port"] ?? "").split(",")) requirePort(port, false);
  return {
    ...(user === "" ? {} : { user: unquote(user) }),
    ...(password ? { password: unquote(password) } : {}),
    ...(name.length > slash + 1 ? { database: name.slice(slash + 1) } : {}),
    hosts,
    parameters,
  };
}

/** A password with a bare # in it: django-environ then takes the whole URL for one without escapes. */
function withEscapes(rest: string): string {
  const [, authority = "", path] = PARTS.exec(rest) ?? [];
  const isBare = path === undefined && rest[authority.length] === "#" && rest.includes("@", authority.length);
  return isBare ? rest.replaceAll("%", "%25").replaceAll("#", "%23") : rest;
}

/** One port counts for all hosts, as it does where Django hands both on as lists. */
function hostsOf(text: string): PostgresUrl["hosts"] {
  const hosts = text.split(",").map((each) => {
    const [, host, port = ""] = HOST_AND_PORT.exec(each) ?? [];
    if (host === undefined) throw new Error(CANNOT_BE_PARSED);
    return { host: unquote(host.replace(/^\[(.*)\]$/, "$1")), port };
  });
  const ports = hosts.map(({ port }) => port).filter((port) => port !== "");
  return ports.length === 1 ? hosts.map(({ host }) => ({ host, port: ports[0] as string })) : hosts;
}

function requirePort(port: string, maySpillPassword: boolean): void {
  if (port === "") return;
  const isNumber = /^\d+$/.test(port);
  if (isNumber && Number(port) >= 1 && Number(port) <= 65_535) return;
  if (!isNumber || maySpillPassword) throw new Error(CANNOT_BE_PARSED);
  throw new Error(`its port is ${port}, and ports go from 1 to 65535`);
}

/** As Python's: what is no escape is left as it is. */
function unquote(text: string): string {
  return text.replaceAll(/(?:%[0-9a-f]{2})+/gi, (run) =>
    Buffer.from(run.replaceAll("%", ""), "hex").toString("utf8"),
  );
}
