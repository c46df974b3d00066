// One attempt to log in to Postgres, with the encryption that libpq (and so psycopg) would use.
import { setTimeout as pause } from "node:timers/promises";
import { Client, type ClientConfig } from "pg";
import { postgresOptions } from "./database-url.ts";

const FAREWELL_MS = 200;

export type Failure = Error & { code?: string };

/** Undefined when the database has let us in. Never waits longer than `timeoutMs`. */
export async function tryToConnect(url: string, timeoutMs: number): Promise<Failure | undefined> {
  let failure: Failure | undefined;
  for (const options of waysToConnect(url)) {
    failure = await connectOnce({ ...options, connectionTimeoutMillis: timeoutMs, query_timeout: timeoutMs });
    if (failure === undefined || !mayDependOnEncryption(failure)) return failure;
  }
  return failure;
}

/** libpq's default, sslmode=prefer: encrypted if the server can, else not. Many servers let in only one of the two. */
function waysToConnect(url: string): ClientConfig[] {
  const options = postgresOptions(url) as object as ClientConfig & { sslmode?: string };
  const { host = "", sslmode = process.env["PGSSLMODE"] || "prefer" } = options;
  if (host.startsWith("/") || !["prefer", "allow"].includes(sslmode)) return [options];
  const encrypted = { ...options, ssl: { rejectUnauthorized: false } };
  return [encrypted, { ...options, ssl: false }];
}

function mayDependOnEncryption({ code = "", message }: Failure): boolean {
  return code === "28000" || /^(EPROTO|ERR_SSL_|ERR_TLS_)/.test(code) || /\bSSL\b/.test(message);
}

async function connectOnce(options: ClientConfig): Promise<Failure | undefined> {
  const client = new Client(options);
  // A connection that breaks after it stood emits this instead of rejecting.
  client.on("error", () => {});
  try {
    await client.connect();
    await client.query("SELECT 1");
    return undefined;
  } catch (error) {
    // Several addresses of one host fail together as an AggregateError without a message.
    return error instanceof AggregateError ? ((error.errors[0] ?? error) as Failure) : (error as Failure);
  } finally {
    // It waits for the server's end of the connection, which one that hangs never closes.
    await Promise.race([client.end().catch(() => {}), pause(FAREWELL_MS, undefined, { ref: false })]);
  }
}
