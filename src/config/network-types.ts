// How a list of addresses and networks becomes one. Every message completes «NAME is "text", …».
import { isIPv4, isIPv6 } from "node:net";
import * as v from "valibot";

/** Addresses and networks (CIDR) of IPv4 and IPv6 with commas or spaces, each once and safe to write into a file of nginx's. */
export const networks = () =>
  v.pipe(
    v.string(),
    v.rawTransform(({ dataset: { value }, addIssue, NEVER }): string[] => {
      const items = value.split(/[\s,]+/).filter((word) => word !== "");
      const bad = items.find((word) => !isNetwork(word));
      if (bad === undefined && items.length > 0) return [...new Set(items.map((word) => word.toLowerCase()))];
      addIssue({
        message:
          bad === undefined
            ? "which names no address"
            : `where ${JSON.stringify(bad)} is neither an address nor a network such as 10.0.0.0/8 or fd00::/8`,
      });
      return NEVER;
    }),
  );

function isNetwork(word: string): boolean {
  const [, address = "", bits = "0"] = /^([\da-f.:]+)(?:\/(\d{1,3}))?$/i.exec(word) ?? [];
  if (isIPv4(address)) return Number(bits) <= 32;
  return isIPv6(address) && Number(bits) <= 128;
}
