// Clients that ask again and again, on connections that stay open, and count what fails.
import { Agent, request } from "node:http";
import { http } from "../../support/http.ts";

const CLIENTS = 16;
const FILES_OF_A_PAGE = 3;
/** Longer than a busy machine needs, shorter than a proxy waits for a node that is gone. */
const TIMEOUT_MS = 20_000;
/** So that the clients leave some of the processors to what is measured. */
const PAUSE_MS = 10;

export interface Tally {
  requests: number;
  /** In the order in which they came: `/: 502 after 31 ms`. */
  failures: string[];
  seconds: number;
  slowestMs: number;
}

export interface SwarmLoad {
  /** Goes on until so many were sent, then waits for those under way. */
  finish(requests: number): Promise<Tally>;
  /** So far. */
  readonly tally: Tally;
}

/** Begins at once; each client asks for these paths in turn. */
export function startLoad(url: string, paths: readonly string[]): SwarmLoad {
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
  const tally: Tally = { requests: 0, failures: [], seconds: 0, slowestMs: 0 };
  const startedMs = performance.now();
  let until = Number.POSITIVE_INFINITY;
  const client = async () => {
    while (tally.requests < until) {
      const path = paths[tally.requests % paths.length] ?? "/";
      tally.requests += 1;
      const sentMs = performance.now();
      const answer = await ask(`${url}${path}`, agent);
      const tookMs = Math.round(performance.now() - sentMs);
      tally.slowestMs = Math.max(tally.slowestMs, tookMs);
      if (answer !== "200") tally.failures.push(`${path}: ${answer} after ${tookMs} ms`);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  };
  const clients = Array.from({ length: CLIENTS }, client);
  return {
    tally,
    async finish(requests) {
      until = requests;
      await Promise.all(clients);
      agent.destroy();
      tally.seconds = Math.round((performance.now() - startedMs) / 1000);
      return tally;
    },
  };
}

/** A page, and the first files that it names, as a browser would ask for them. */
export async function pathsOf(url: string): Promise<string[]> {
  const { text } = await http(url);
  const files = [...text.matchAll(/(?:href|src)="(\/static\/[^"]+)"/g)].map(([, path = ""]) => path);
  return ["/", ...new Set(files)].slice(0, 1 + FILES_OF_A_PAGE);
}

/** The status of the whole answer, or why there is none. */
function ask(url: string, agent: Agent): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const sent = request(url, { agent, signal: AbortSignal.timeout(TIMEOUT_MS) }, (answer) => {
    answer.on("error", (error) => resolve(error.message));
    answer.on("end", () => resolve(answer.complete ? String(answer.statusCode) : "cut short"));
    answer.resume();
  });
  sent.on("error", (error) => resolve(error.message));
  sent.end();
  return promise;
}
