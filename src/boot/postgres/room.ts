// Whether a session may stay open while it is not used.
import type { Client } from "pg";

/**
 * While at most half of the server's connections are in use: the other half is for whoever migrates, and for all others. A limit of
 * the role's or of the database's own may be any number of them, and is left to those who work. Without the statistics, which a
 * server may have to write first.
 */
const ROOM = `
  SELECT pg_backend_pid() AS pid,
    2 * (SELECT sum(pg_stat_get_db_numbackends(oid)) FROM pg_database) <= current_setting('max_connections')::int
    AND NOT EXISTS (SELECT FROM pg_roles WHERE rolname = session_user AND rolconnlimit >= 0)
    AND NOT EXISTS (SELECT FROM pg_database WHERE datname = current_database() AND datconnlimit >= 0) AS has_room`;

/**
 * Behind a pooler a session that is open may keep one of the pool's few connections, and nobody can tell: there the number of the
 * server's process is another one than the pooler has given. Errors: none; a server that has no answer has no room.
 */
export async function hasRoom(client: Client): Promise<boolean> {
  const { processID } = client as Client & { processID?: number | null };
  try {
    const { rows } = await client.query<{ pid: number; has_room: boolean }>(ROOM);
    return rows[0]?.has_room === true && rows[0].pid === processID;
  } catch {
    return false;
  }
}
