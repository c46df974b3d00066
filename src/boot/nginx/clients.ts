// What nginx knows about clients: which peers are proxies, and the key by which gunicorn recognises nginx.
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Config } from "../../config/variables.ts";
import {
  NGINX_CLIENT_KEY_FILE,
  NGINX_FORWARDED_FILE,
  NGINX_FROM_PROXY_FILE,
  NGINX_PROXIES_FILE,
} from "../../plan/paths.ts";
import { headerVariable } from "./header-variable.ts";
import { plainNetworks } from "./networks.ts";
import { proxyProtocolPorts } from "./proxy-protocol.ts";
import { writeNginxFile } from "./written-file.ts";

const FORWARDED = "/etc/nginx/conf.d/django.conf.d/forwarded";
const HEADERS_FILE = `${FORWARDED}/headers.conf`;
const KEY_BYTES = 16;

export function newClientKey(): string {
  return randomBytes(KEY_BYTES).toString("hex");
}

/** gunicorn reads it too. */
export function writeClientKey(key: string, run: string): void {
  writeNginxFile(NGINX_CLIENT_KEY_FILE, `1 ${key};\n`, run);
}

/** Writes the files anew, or removes those of an earlier start. */
export function writeNginxClients(config: ClientsConfig, run: string): void {
  const { trustedProxies: given, proxyProtocol } = config;
  const proxies = given && plainNetworks(given);
  const own = furtherHeaders(config.trustedHeaders ?? [], textOf(HEADERS_FILE));
  const write = (path: string, lines: readonly string[] | undefined) =>
    writeNginxFile(path, lines && `${lines.join("\n")}\n`, run);
  write(
    NGINX_PROXIES_FILE,
    proxies && [
      ...proxies.map(trusted),
      ...(proxyProtocol ? ["real_ip_header proxy_protocol;"] : FORWARDED_FOR),
      ...listed(proxies),
      ...believed(proxyProtocol ? proxyProtocolPorts(config) : []),
      MAPS,
      ...own.map(({ map }) => map),
    ],
  );
  write(NGINX_FROM_PROXY_FILE, proxies && ["1 $djinit_proxy_listed;"]);
  write(NGINX_FORWARDED_FILE, proxies && [`include ${HEADERS_FILE};`, ...own.map(({ set }) => set)]);
}

const trusted = (proxy: string) => `set_real_ip_from ${proxy};`;
type ClientsConfig = Pick<
  Config,
  "trustedProxies" | "trustedHeaders" | "proxyProtocol" | "proxyProtocolPort" | "tlsCertificate" | "tlsPort"
>;

/** Each proxy of a chain appends its peer. The client is the last address that is no proxy. */
const FORWARDED_FOR = ["real_ip_header X-Forwarded-For;", "real_ip_recursive on;"];

const MAPS = `include ${FORWARDED}/maps.conf;`;

/** Two lines each. One that the image's file has already would be sent twice. */
export function furtherHeaders(names: readonly string[], usual: string): { map: string; set: string }[] {
  const known = Array.from(usual.matchAll(/^proxy_set_header (\S+) /gm), ([, name = ""]) =>
    name.toLowerCase(),
  );
  return names
    .filter((name) => !known.includes(name.toLowerCase()))
    .map((name, at) => ({
      map: `map $djinit_from_proxy $dj_own_${at} { 1 ${headerVariable(name)}; }`,
      set: `proxy_set_header ${name} $dj_own_${at};`,
    }));
}

/** A file of the user's may be in its place. */
function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** Without a default, which would be the network 0.0.0.0/0 named twice where that is given. The rest is empty then. */
function listed(proxies: readonly string[]): string[] {
  const lines = proxies.map((proxy) => `    ${proxy} 1;`);
  return ["geo $realip_remote_addr $djinit_peer_listed {", ...lines, "}"];
}

/** Behind the PROXY protocol a request's headers are the client's, and not the peer's. */
function believed(ports: readonly number[]): string[] {
  const lines = ports.map((port) => `    "~^${port}:" "";`);
  return [
    'map "$server_port:$djinit_peer_listed" $djinit_proxy_listed {',
    ...lines,
    "    default $djinit_peer_listed;",
    "}",
  ];
}
