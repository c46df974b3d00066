// A session in Postgres, with the encryption that libpq (and so psycopg) would use.
import { setTimeout as pause } from "node:timers/promises";
import { Client, type ClientConfig } from "pg";
import { parse } from "pg-connection-string";
import { serversOf } from "./database-url.ts";

const FAREWELL_MS = 200;
/** SQLSTATE of a server that takes no writes. */
const READ_ONLY = "25006";

export type Failure = Error & { code?: string };
type Options = ClientConfig & { sslmode?: string; target_session_attrs?: string };

/**
 * Opens one when the database lets us in. Neither that nor any of its queries takes longer than `timeoutMs`.
 * Errors: why the last server that the URL names did not let us in.
 */
export async function openSession(url: string, timeoutMs: number): Promise<Client> {
  let failure: Failure | undefined;
  for (const server of serversOf(url)) {
    for (const options of waysToConnect(parse(server) as object as Options)) {
      try {
        return await connect({ ...options, connectionTimeoutMillis: timeoutMs, query_timeout: timeoutMs });
      } catch (error) {
        // Several addresses of one host fail together as an AggregateError without a message.
        failure = (error instanceof AggregateError ? (error.errors[0] ?? error) : error) as Failure;
        if (!mayDependOnEncryption(failure)) break;
      }
    }
  }
  throw failure;
}

/** Ends a session without waiting for a server that hangs. */
export async function closeSession(client: Client): Promise<void> {
  // It waits for the server's end of the connection, which one that hangs never closes.
  await Promise.race([client.end().catch(() => {}), pause(FAREWELL_MS, undefined, { ref: false })]);
}

/** libpq's default, sslmode=prefer: encrypted if the server can, else not. Many servers let in only one of the two. */
function waysToConnect(options: Options): Options[] {
  const { host = "", sslmode = process.env["PGSSLMODE"] || "prefer" } = options;
  if (host.startsWith("/") || !["prefer", "allow"].includes(sslmode)) return [options];
  const encrypted = { ...options, ssl: { rejectUnauthorized: false } };
  return [encrypted, { ...options, ssl: false }];
}

function mayDependOnEncryption({ code = "", message }: Failure): boolean {
  return code === "28000" || /^(EPROTO|ERR_SSL_|ERR_TLS_)/.test(code) || /\bSSL\b/.test(message);
}

async function connect(options: Options): Promise<Client> {
  const client = new Client({ fallback_application_name: "djinit", ...options });
  // A connection that breaks after it stood emits this instead of rejecting.
  client.on("error", () => {});
  try {
    await client.connect();
    // A pooler lets everybody in, and connects to the server only for a query.
    const { rows } = await client.query<{ read_only: string }>(
      "SELECT current_setting('transaction_read_only') AS read_only",
    );
    const wantsPrimary = /^(read-write|primary)$/.test(options.target_session_attrs ?? "");
    if (wantsPrimary && rows[0]?.read_only === "on")
      throw Object.assign(new Error("the server takes no writes"), { code: READ_ONLY });
    return client;
  } catch (error) {
    await closeSession(client);
    throw error;
  }
}
