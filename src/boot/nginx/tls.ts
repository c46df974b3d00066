// HTTPS beside the plain port: what nginx reads of it.
import { DjinitError } from "../../base/errors.ts";
import type { Config } from "../../config/variables.ts";
import type { NginxDump } from "../../plan/nginx.ts";
import {
  NGINX_TLS_FILE,
  NGINX_TLS_FORWARDED_FILE,
  NGINX_TLS_MAPS_FILE,
  NGINX_USER,
  placedIn,
  TLS_PAIR_FILE,
} from "../../plan/paths.ts";
import type { TlsPlan } from "../../plan/plan.ts";
import { writePair } from "../../platform/tls/pair-files.ts";
import type { BootContext } from "../context.ts";
import type { GivenPair } from "./given-pair.ts";
import { anyAddresses } from "./listen.ts";
import { writeNginxFile } from "./written-file.ts";

/** nginx below 1.25.1 has no such directive: there it is a word of `listen`, of which a later one warns. */
type Http2 = "directive" | "word";

/** Of Mozilla's «intermediate», without those that take a file of Diffie-Hellman parameters. TLS 1.3 has its own. */
const CIPHERS = [
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
];

type TlsConfig = Pick<Config, "tlsPort" | "proxyProtocol">;

/** Inside nginx's server. */
function tlsText({ tlsPort, proxyProtocol }: TlsConfig, addresses: readonly string[], http2: Http2): string {
  const words = `${http2 === "word" ? " http2" : ""}${proxyProtocol ? " proxy_protocol" : ""}`;
  return [
    ...addresses.map((address) => `listen ${address}${tlsPort} ssl${words};`),
    ...(http2 === "directive" ? ["http2 on;"] : []),
    `ssl_certificate ${TLS_PAIR_FILE};`,
    `ssl_certificate_key ${TLS_PAIR_FILE};`,
    "ssl_protocols TLSv1.2 TLSv1.3;",
    `ssl_ciphers ${CIPHERS.join(":")};`,
    "ssl_prefer_server_ciphers off;",
    "ssl_session_cache shared:djinit_tls:10m;",
    "ssl_session_timeout 1d;",
    "ssl_session_tickets off;",
    "",
  ].join("\n");
}

/** What a client says of its scheme counts at the plain port alone. With DJINIT_TRUSTED_PROXIES, maps.conf says that. */
const TOLD_SCHEME = `map $https $djinit_told_scheme {
    on https;
    default $http_x_forwarded_proto;
}
`;

type TlsContext = Pick<BootContext, "config" | "isRoot"> & { run: string; tls: GivenPair | undefined };

/** `check`, which has nginx look at its files, with those of TLS among them. Errors: those of `check`. */
export function withTls(context: TlsContext, check: () => Promise<NginxDump>): () => Promise<NginxDump> {
  const { config, isRoot, run, tls } = context;
  const isTold = tls !== undefined && config.trustedProxies === undefined;
  writeNginxFile(NGINX_TLS_MAPS_FILE, isTold ? TOLD_SCHEME : undefined, run);
  const told = isTold ? "proxy_set_header X-Forwarded-Proto $djinit_told_scheme;\n" : undefined;
  writeNginxFile(NGINX_TLS_FORWARDED_FILE, told, run);
  if (tls === undefined) {
    writeNginxFile(NGINX_TLS_FILE, undefined, run);
    return check;
  }
  writePair(placedIn(run, TLS_PAIR_FILE), tls.pair.text, isRoot ? NGINX_USER : undefined);
  const write = (http2: Http2): void =>
    writeNginxFile(NGINX_TLS_FILE, tlsText(config, anyAddresses(), http2), run);
  write("directive");
  return async () => {
    try {
      return await check();
    } catch (error) {
      if (!says(error, 'unknown directive "http2"')) throw error;
      write("word");
      return await check();
    }
  };
}

function says(error: unknown, ...words: string[]): boolean {
  return error instanceof DjinitError && words.every((word) => error.message.includes(word));
}

/** What the second life keeps an eye on. */
export function planTls(
  { paths, pair: { expiresMs } }: GivenPair,
  { isRoot, run }: { isRoot: boolean; run: string },
): TlsPlan {
  const reader = isRoot ? { reader: NGINX_USER } : {};
  return { ...paths, file: placedIn(run, TLS_PAIR_FILE), expiresMs, ...reader };
}
