// The kernel's table of the TCP sockets in this network namespace.
import { readFileSync } from "node:fs";

const SYN_RECEIVED = "03";
/** States of connections that this side has not closed: established, half closed by the client, and handshakes. */
const OPEN: readonly string[] = ["01", "08", SYN_RECEIVED];

/** Handshakes under way at these ports: the client has not answered yet, so the connection cannot be accepted. */
export function countHandshakes(ports: readonly number[], family: "IPv4" | "both"): number {
  return count(ports, family, [SYN_RECEIVED]);
}

/** Connections of clients at these ports, including those that have not been accepted yet. */
export function countConnections(ports: readonly number[], family: "IPv4" | "both"): number {
  return count(ports, family, OPEN);
}

function count(ports: readonly number[], family: "IPv4" | "both", states: readonly string[]): number {
  const suffixes = ports.map((port) => `:${port.toString(16).toUpperCase().padStart(4, "0")}`);
  // IPv6 sockets that also take IPv4 are in the second table.
  const tables = ["/proc/net/tcp", ...(family === "both" ? ["/proc/net/tcp6"] : [])].map(read);
  return tables
    .join("\n")
    .split("\n")
    .filter((line) => isIn(line, suffixes, states)).length;
}

/** `  3: 0100007F:1F40 0100007F:A796 03 …`: a number, the local address, the remote one, the state. */
function isIn(line: string, suffixes: readonly string[], states: readonly string[]): boolean {
  const [, local = "", , state = ""] = line.trim().split(/\s+/, 4);
  return states.includes(state) && suffixes.some((suffix) => local.endsWith(suffix));
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    // No IPv6 here.
    return "";
  }
}
