// How many requests for the application one client may make, for nginx. Pure.
import type { Config } from "../../config/variables.ts";

/** Of the addresses that nginx remembers: some 80,000. The oldest is forgotten for a new one. */
const ZONE_SIZE = "10m";
const MINUTE_SECONDS = 60;

/**
 * Who one client is. Whoever has an IPv6 address has 2^64 of them. An IPv4 address in the form of IPv6, as a proxy may write
 * it, is that address.
 */
const KEY = String.raw`map $binary_remote_addr $djinit_rate_key {
    "~(?s)^\x00{10}\xff\xff(?<djinit_rate_v4>.{4})$" $djinit_rate_v4;
    "~(?s)^(?<djinit_rate_net>.{8}).{8}$" $djinit_rate_net;
    default $binary_remote_addr;
}
`;

type RateConfig = Pick<Config, "rateLimit" | "rateBurst">;

/** At the level http. Which requests are refused is in the access log: its error log would say each once more. */
export function rateZone({ rateLimit }: RateConfig): string {
  if (rateLimit === undefined) return "";
  const rate = `rate=${rateLimit.requests}r/${rateLimit.per}`;
  return `${KEY}limit_req_zone $djinit_rate_key zone=djinit_rate:${ZONE_SIZE} ${rate};\n`;
}

/** Where requests are passed on to the application. */
export function rateCheck({ rateLimit, rateBurst = rateLimit?.requests }: RateConfig): string | undefined {
  if (rateLimit === undefined) return undefined;
  const burst = rateBurst === 0 ? "" : ` burst=${rateBurst} nodelay`;
  return `limit_req zone=djinit_rate${burst};\n`;
}

/** When a client that has been refused may ask once more. */
export function retryAfterSeconds({ rateLimit }: RateConfig): number {
  if (rateLimit?.per !== "m") return 1;
  return Math.ceil(MINUTE_SECONDS / rateLimit.requests);
}
