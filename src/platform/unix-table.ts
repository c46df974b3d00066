// The kernel's table of the Unix sockets in this network namespace.
import { readFileSync } from "node:fs";

const CONNECTING = "02";
const CONNECTED = "03";

/** What is connected to a listening socket. */
export interface SocketConnections {
  /** Those that a process has accepted: the number of each, which stays as long as it is open. */
  accepted: string[];
  /** How many wait to be accepted. */
  waiting: number;
}

/** What is connected to the socket at `path`; undefined where the table cannot be read. */
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
