// Addresses and networks in the one form about which nginx has nothing to say.
import { isIPv4 } from "node:net";

/**
 * Each network once, with its length and without bits after it: nginx warns of `10.1.2.3/8`, and of `192.0.2.1` beside
 * `192.0.2.1/32`, at every start. The given ones are valid (DJINIT_TRUSTED_PROXIES).
 */
export function plainNetworks(given: readonly string[]): string[] {
  return [...new Set(given.map(plain))];
}

function plain(network: string): string {
  const [address = "", length] = network.split("/");
  const [size, bits] = isIPv4(address) ? ([8, 32] as const) : ([16, 128] as const);
  const kept = length === undefined ? bits : Number(length);
  const groups = isIPv4(address) ? address.split(".").map(Number) : groupsOf(address);
  const masked = groups.map((group, index) => {
    const zeros = Math.min(size, Math.max(0, (index + 1) * size - kept));
    return (group >> zeros) << zeros;
  });
  const text = isIPv4(address) ? masked.join(".") : masked.map((group) => group.toString(16)).join(":");
  return `${text}/${kept}`;
}

/** The eight groups of an IPv6 address. A URL's host has no dotted part, and `::` where zeros are left out. */
function groupsOf(address: string): number[] {
  const host = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [before = [], after = []] = host.split("::").map((part) =>
    part
      .split(":")
      .filter(Boolean)
      .map((group) => Number.parseInt(group, 16)),
  );
  return [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
}
