// Which connections a draining server still carries between clients and the application. Pure, except for the look itself.
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
 * For this long no connection has come or gone, and the application has accepted one for each client. So nothing is under
 * way between the two servers. Only the application can end what is left: WebSockets, event streams, slow requests.
 */
const SETTLED_MS = 1_000;
/**
 * A connection that stays open for this long, while others (a slow upload, a large download) come and go, may be a
 * WebSocket. Docker kills after 10 s, and new workers have to load the application and close it within the rest.
 */
const OVERDUE_MS = 3_000;

/**
 * `tell`: the application may be told to end, since it has every connection. `renew`: its current workers have to end their
 * connections, and new workers have to take the requests that are still to come.
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

  /** `look` is undefined if the kernel's tables cannot be read. */
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

/** Undefined if the application has no Unix socket, or the server no TCP address. */
export function lookBetween(
  front: Pick<ServicePlan, "readiness">,
  back: Pick<ServicePlan, "readiness">,
): Look | undefined {
  if (front.readiness.kind !== "tcp" || back.readiness.kind !== "http") return undefined;
  const { addresses } = front.readiness;
  const family = addresses.some(({ host }) => isIPv6(host)) ? "both" : "IPv4";
  // In this order: a connection that is passed on between the two looks is counted twice at worst, so `tell` never comes early.
  const clients = countConnections([...new Set(addresses.map(({ port }) => port))], family);
  const connections = connectionsAt(back.readiness.socketPath);
  return connections && { clients, inHand: connections.accepted, waiting: connections.waiting };
}
