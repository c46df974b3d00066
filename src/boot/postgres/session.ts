// A session in Postgres, with the encryption that libpq (and so psycopg) would use.
import { setTimeout as pause } from "node:timers/promises";
import { Client, type ClientConfig } from "pg";
import { beginAsApplication } from "./as-application.ts";
import { type Failure, finalCode } from "./failure.ts";
import type { Server, WantedSession } from "./servers.ts";

const FAREWELL_MS = 200;
/** Else pg looks for a file of passwords by itself, as root, and where the application does not. */
const NO_PASSWORD = (): Promise<string> => Promise.resolve(undefined as unknown as string);
/** SQLSTATE of a server that takes no writes. */
const READ_ONLY = "25006";

export type { Failure } from "./failure.ts";

/**
 * Opens one when one of `servers` lets us in. Neither that nor any of its queries takes longer than `timeoutMs` at a server.
 * Errors: why they did not let us in; what may be otherwise soon before what will not.
 */
export async function openSession(servers: readonly Server[], timeoutMs: number): Promise<Client> {
  const failures: Failure[] = [];
  for (const wants of wantedOf(servers)) {
    for (const server of servers) {
      const opened = await openAt({ ...server, wants }, timeoutMs);
      if (!(opened instanceof Error)) return opened;
      failures.push(opened);
      // As libpq: the next one is not asked with a login that is wrong.
      if (finalCode(opened) === "DJINIT_DATABASE_REFUSED_LOGIN") throw opened;
    }
  }
  throw failures.findLast((failure) => finalCode(failure) === undefined) ?? failures.at(-1);
}

/** All standbys before anything else, where one is preferred. */
function wantedOf([server]: readonly Server[]): WantedSession[] {
  const wants = server?.wants ?? "any";
  return wants === "prefer-standby" ? ["standby", "any"] : [wants];
}

async function openAt(server: Server, timeoutMs: number): Promise<Client | Failure> {
  let failure: Failure | undefined;
  const { encryptions, wants, ...options } = server;
  for (const ssl of encryptions) {
    try {
      const limits = { connectionTimeoutMillis: timeoutMs, query_timeout: timeoutMs };
      return await connect({ ...options, ...limits, ssl }, wants);
    } catch (error) {
      // Several addresses of one host fail together as an AggregateError without a message.
      failure = (error instanceof AggregateError ? (error.errors[0] ?? error) : error) as Failure;
      if (!mayDependOnEncryption(failure)) break;
    }
  }
  return failure as Failure;
}

/** Ends a session without waiting for a server that hangs. */
export async function closeSession(client: Client): Promise<void> {
  // `end` waits until the server closes the connection. A hanging server never does.
  await Promise.race([client.end().catch(() => {}), pause(FAREWELL_MS, undefined, { ref: false })]);
}

function mayDependOnEncryption({ code = "", message }: Failure): boolean {
  return code === "28000" || /^(EPROTO|ERR_SSL_|ERR_TLS_)/.test(code) || /\bSSL\b/.test(message);
}

async function connect(options: ClientConfig, wants: WantedSession): Promise<Client> {
  const client = new Client({ fallback_application_name: "djinit", password: NO_PASSWORD, ...options });
  // A connection that breaks later emits this instead of rejecting.
  client.on("error", () => {});
  try {
    const isSocket = options.host?.startsWith("/") === true;
    await (isSocket ? beginAsApplication(() => client.connect()) : client.connect());
    await requireKind(client, wants);
    return client;
  } catch (error) {
    await closeSession(client);
    throw error;
  }
}

/** Always asks: a pooler accepts every login, and connects to the server only for a query. */
async function requireKind(client: Client, wants: WantedSession): Promise<void> {
  const { rows } = await client.query<{ read_only: string }>(
    "SELECT current_setting('transaction_read_only') AS read_only",
  );
  const takesWrites = rows[0]?.read_only !== "on";
  if (!takesWrites && wants === "read-write")
    throw Object.assign(new Error("the server takes no writes"), { code: READ_ONLY });
  if (takesWrites && wants === "read-only")
    throw new Error("the server takes writes, and read-only is wanted");
  if (wants !== "primary" && wants !== "standby") return;
  const [recovery] = (await client.query<{ standby: boolean }>("SELECT pg_is_in_recovery() AS standby")).rows;
  if (recovery?.standby !== (wants === "standby")) throw new Error(`the server is no ${wants}`);
}
