// What a server that drains still carries from clients to the application. Pure, but for the look itself.
import { isIPv6 } from "node:net";
import type { ServicePlan } from "../../plan/plan.ts";
import { countConnections } from "../../platform/tcp-table.ts";
import { connectionsAt } from "../../platform/unix-table.ts";

export interface Look {
  /** Open connections of clients to the server in front. */
  clients: number;
  /** Connections that the application has accepted from it. */
  inHand: readonly string[];
  /** Connections that wait for the application to accept them. */
  waiting: number;
}

/**
 * Each client has one connection that the application has accepted, and for so long nothing has come or gone: nothing is
 * under way between them. What is left is the application's to end: WebSockets, event streams, slow requests.
 */
const SETTLED_MS = 1_000;
/**
 * One that is open for so long while others come and go (a slow upload, a large download) may be a WebSocket. Docker
 * kills after 10 s, and the application has to load itself and to close them in what is left.
 */
const OVERDUE_MS = 3_000;

/**
 * `tell`: the application may be told to end, it has all that there is. `renew`: its present processes have to end what
 * they hold, and others have to take what is still to come.
 */
export type Verdict = "wait" | "tell" | "renew";

export class Carried {
  readonly #startedMs: number;
  #first: ReadonlySet<string> | undefined;
  #last = "";
  #sinceMs = 0;
  #renewed = false;

  constructor(nowMs: number) {
    this.#startedMs = nowMs;
  }

  /** `look` is undefined where nothing can be seen. */
  see(look: Look | undefined, nowMs: number): Verdict {
    this.#first ??= new Set(look?.inHand);
    const now = look === undefined || !isAllInHand(look) ? "" : look.inHand.toSorted().join(" ");
    if (now !== this.#last) this.#sinceMs = nowMs;
    this.#last = now;
    if (now !== "" && nowMs - this.#sinceMs >= SETTLED_MS) return "tell";
    if (this.#renewed || nowMs - this.#startedMs < OVERDUE_MS) return "wait";
    const isStale = look === undefined || look.inHand.some((it) => this.#first?.has(it));
    if (!isStale) return "wait";
    this.#renewed = true;
    return "renew";
  }
}

function isAllInHand({ clients, inHand, waiting }: Look): boolean {
  return waiting === 0 && inHand.length === clients;
}

/** Undefined where the application has no Unix socket, or the server no TCP address. */
export function lookBetween(front: ServicePlan, back: ServicePlan): Look | undefined {
  if (front.readiness.kind !== "tcp" || back.readiness.kind !== "http") return undefined;
  const { addresses } = front.readiness;
  const family = addresses.some(({ host }) => isIPv6(host)) ? "both" : "IPv4";
  // In this order: one that is passed on between the two looks is seen twice at worst, and nobody is told too early.
  const clients = countConnections([...new Set(addresses.map(({ port }) => port))], family);
  const connections = connectionsAt(back.readiness.socketPath);
  return connections && { clients, inHand: connections.accepted, waiting: connections.waiting };
}
