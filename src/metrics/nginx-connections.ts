// nginx's own metrics, from its stub_status page.
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { type Family, family } from "./family.ts";

/** nginx answers in less than a millisecond, or is in trouble. */
const TIMEOUT_MS = 500;

/** Empty if nginx does not answer there, for instance because its files were replaced. */
export async function collectNginxConnections(socketPath: string): Promise<Family[]> {
  const socket = connect(socketPath);
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error("no answer in time")));
  socket.write("GET / HTTP/1.0\r\n\r\n");
  try {
    return readStubStatus(await text(socket));
  } catch {
    return [];
  }
}

/** Reads the page: «server accepts handled requests», then «Reading: 0 Writing: 1 Waiting: 0». */
export function readStubStatus(page: string): Family[] {
  const counts = /^ (\d+) \d+ \d+ *$/m.exec(page);
  const states = /Reading: (\d+) Writing: (\d+) Waiting: (\d+)/.exec(page);
  if (counts === null || states === null) return [];
  const [reading, writing, waiting] = states.slice(1).map(Number) as [number, number, number];
  return [
    family("nginx_http_connections", [
      { labels: { state: "reading" }, value: reading },
      // The scrape's own connection is one of them.
      { labels: { state: "writing" }, value: Math.max(0, writing - 1) },
      { labels: { state: "waiting" }, value: waiting },
    ]),
    family("nginx_http_connections_accepted_total", [{ value: Number(counts[1]) }]),
  ];
}
