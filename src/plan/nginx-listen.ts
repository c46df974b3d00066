// nginx's `listen` directives as addresses. Pure.
import { isIPv4 } from "node:net";

export interface ListenAddress {
  /** Numeric, or a host name as it was written. */
  host: string;
  port: number;
  /** IPv6: takes no IPv4. nginx's default. */
  onlyV6: boolean;
  /** Whether PID 1 can open the socket in nginx's stead. */
  holdable: boolean;
  /** Wants the header of the PROXY protocol from whoever connects. */
  wantsProxy?: true;
}

/** Every TCP address in `code`, a configuration without its comments, once; in the order of their ports. */
export function readListens(code: string): ListenAddress[] {
  const found = new Map<string, ListenAddress>();
  for (const [, where = "", options = ""] of code.matchAll(/(?:^|[\s;{}])listen\s+([^\s;]+)([^;]*)/g)) {
    // A connection cannot show whether a UDP port is open.
    if (where.startsWith("unix:") || /\s(udp|quic)\b/.test(options)) continue;
    const host = hostOf(where);
    // nginx has taken it, so it is no other text with a colon. Node's isIPv6 takes 5 ms the first time.
    const isV6 = host.includes(":");
    const isNumeric = isV6 || isIPv4(host);
    const onlyV6 = isV6 && !/\sipv6only=off\b/.test(options);
    for (const port of portsOf(where)) {
      // With reuseport nginx wants a socket for each worker.
      const holdable = isNumeric && port > 0 && port < 65_536 && !/\sreuseport\b/.test(options);
      const key = `${host} ${port}`;
      // The options of an address may stand in any one of its directives.
      const earlier = found.get(key);
      const wantsProxy = /\sproxy_protocol\b/.test(options) || earlier?.wantsProxy === true;
      found.set(key, {
        host,
        port,
        onlyV6: onlyV6 && (earlier?.onlyV6 ?? true),
        holdable: holdable && (earlier?.holdable ?? true),
        ...(wantsProxy ? { wantsProxy } : {}),
      });
    }
  }
  return [...found.values()].sort((a, b) => a.port - b.port || (a.host < b.host ? -1 : 1));
}

/** Of `8000`, `*:8000` and `*`: all IPv4 addresses. */
function hostOf(where: string): string {
  const bracketed = /^\[(.*)\]/.exec(where)?.[1];
  if (bracketed !== undefined) return bracketed;
  const host = where.replace(/:\d+(-\d+)?$/, "");
  return host === "*" || /^\d+(-\d+)?$/.test(host) ? "0.0.0.0" : host;
}

/** Of `8000`, `address:8000`, `[address]:8000`; all of a range; 80 where only an address is given. */
function portsOf(where: string): number[] {
  const [, first, last] = /(?:^|:)(\d+)(?:-(\d+))?$/.exec(where.replace(/^\[.*\]/, "")) ?? [];
  if (first === undefined) return [80];
  const count = last === undefined ? 1 : Number(last) - Number(first) + 1;
  return Array.from({ length: Math.max(1, Math.min(count, MOST_PORTS)) }, (_, at) => Number(first) + at);
}

/** Of a range. PID 1 holds no more descriptors than that. */
const MOST_PORTS = 64;
