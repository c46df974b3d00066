// The PROXY protocol, by which a balancer that passes connections on says who the client is.
import type { Config } from "../../config/variables.ts";
import { NGINX_PROXY_PROTOCOL_FILE } from "../../plan/paths.ts";
import { anyAddresses } from "./listen.ts";
import { writeNginxFile } from "./written-file.ts";

type ProxyConfig = Pick<Config, "proxyProtocol" | "proxyProtocolPort">;

/**
 * A port of its own: whoever asks at the usual one, probes and other containers, sends no such header, and a listener that
 * wants it takes nothing else.
 */
export function writeNginxProxyProtocol(
  { proxyProtocol, proxyProtocolPort }: ProxyConfig,
  run: string,
): void {
  const lines = anyAddresses().map((address) => `listen ${address}${proxyProtocolPort} proxy_protocol;\n`);
  writeNginxFile(NGINX_PROXY_PROTOCOL_FILE, proxyProtocol ? lines.join("") : undefined, run);
}

/** Where nginx expects it. */
export function proxyProtocolPorts({
  proxyProtocolPort,
  tlsCertificate,
  tlsPort,
}: Pick<Config, "proxyProtocolPort" | "tlsCertificate" | "tlsPort">): number[] {
  return [proxyProtocolPort, ...(tlsCertificate === undefined ? [] : [tlsPort])];
}
