// The kernel's table of the Unix sockets in this network namespace.
import { readFileSync } from "node:fs";

const CONNECTING = "02";
const CONNECTED = "03";

/** What is connected to a listening socket. */
export interface SocketConnections {
  /** The inode numbers of accepted connections. A number stays the same as long as the connection is open. */
  accepted: string[];
  /** How many connections wait to be accepted. */
  waiting: number;
}

/** The connections to the socket at `path`; undefined if the table cannot be read. */
export function connectionsAt(path: string, table = "/proc/net/unix"): SocketConnections | undefined {
  let text: string;
  try {
    text = readFileSync(table, "latin1");
  } catch {
    return undefined;
  }
  const found: SocketConnections = { accepted: [], waiting: 0 };
  for (const line of text.split("\n")) {
    // `0000000000000000: 00000003 00000000 00000000 0001 03 31415 /run/gunicorn/gunicorn.sock`; the other end has no path.
    const [, , , , , state = "", inode = "", ...words] = line.trim().split(/ +/);
    if (words.join(" ") !== path) continue;
    if (state === CONNECTED) found.accepted.push(inode);
    if (state === CONNECTING) found.waiting += 1;
  }
  return found;
}
