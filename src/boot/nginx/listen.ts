// nginx takes IPv6 too, where the kernel has it: `listen [::]:8000` in a file of the image would keep it from starting elsewhere.
import { readFileSync } from "node:fs";
import { type NetworkInterfaceInfo, networkInterfaces } from "node:os";
import { NGINX_LISTEN_FILE } from "../../plan/paths.ts";
import { writeNginxFile } from "./written-file.ts";

/** The file that includes ours, in the same server: it may be the user's, with another port. */
const SERVER_FILE = "/etc/nginx/conf.d/django.conf";
const LOOPBACK = "::1";

/** Writes the file, or takes away that of an earlier start. */
export function writeNginxListen(run: string): void {
  const ports = hasIPv6(networkInterfaces()) ? portsToAdd(serverText()) : [];
  const text = ports.map((port) => `listen [::]:${port};\n`).join("");
  writeNginxFile(NGINX_LISTEN_FILE, text || undefined, run);
}

/** Without an address of its own for itself, a container cannot be asked there whether it is ready. */
export function hasIPv6(interfaces: NodeJS.Dict<NetworkInterfaceInfo[]>): boolean {
  return Object.values(interfaces).some((addresses) =>
    addresses?.some(({ address }) => address === LOOPBACK),
  );
}

/** What stands before a port in `listen`, to take whoever can come: over IPv4, and over IPv6 where the kernel has it. */
export function anyAddresses(): string[] {
  return hasIPv6(networkInterfaces()) ? ["", "[::]:"] : [""];
}

/** Ports at which a server takes IPv4 from everywhere, by a plain `listen`, where it says nothing of IPv6 itself. */
export function portsToAdd(server: string): string[] {
  const code = server.replaceAll(/#.*$/gm, "");
  if (/\blisten\s+\[/.test(code)) return [];
  return [
    ...new Set(
      [...code.matchAll(/(?:^|[\s;{}])listen\s+(?:0\.0\.0\.0:|\*:)?(\d+)\s*;/g)].map(([, port = ""]) => port),
    ),
  ];
}

function serverText(): string {
  try {
    return readFileSync(SERVER_FILE, "utf8");
  } catch {
    return "";
  }
}
