// Answers of the application's that nginx gives again, with DJINIT_CACHE. Pure but for the writing.
import { statfsSync } from "node:fs";
import type { Config } from "../../config/variables.ts";
import {
  NGINX_CACHE_DIRECTORY,
  NGINX_CACHE_FILE,
  NGINX_CACHE_USE_FILE,
  NGINX_DIRECTORY,
  NGINX_LOCK_FILE,
  NGINX_LOCK_LOCATION_FILE,
  placedIn,
} from "../../plan/paths.ts";
import { headerVariable } from "../nginx/header-variable.ts";
import { forRegex } from "../nginx/locations.ts";
import { writeNginxFile } from "../nginx/written-file.ts";

const MIB = 1024 ** 2;
/** nginx has room for 8,000 keys in a MiB of its own memory: enough for answers of 8 KiB each. */
const BYTES_FOR_A_MIB_OF_KEYS = 64 * MIB;
const MOST_KEYS_MIB = 64;
/** What nobody has asked for in that time goes, however long it might be kept. */
const UNASKED = "1h";
/** Of the file system, for what else is written there. Below that nginx removes what it keeps. */
const LEFT_FREE = 4 * MIB;

type CacheConfig = Pick<Config, "cacheBytes" | "cacheLock" | "trustedHeaders">;

/** Writes the files, or takes away those of an earlier start. */
export function writeNginxCache(config: CacheConfig, run: string): void {
  const { cacheBytes, cacheLock: paths } = config;
  const write = (path: string, text: string | undefined): void => writeNginxFile(path, text, run);
  const zone =
    cacheBytes === undefined
      ? undefined
      : cacheZone(cacheBytes, config.trustedHeaders) + lockMap(paths ?? []);
  write(NGINX_CACHE_FILE, zone);
  write(NGINX_CACHE_USE_FILE, cacheBytes === undefined ? undefined : USE);
  const isLocked = cacheBytes !== undefined && paths !== undefined;
  write(NGINX_LOCK_FILE, isLocked ? LOCKED : undefined);
  write(NGINX_LOCK_LOCATION_FILE, isLocked ? LOCK_LOCATION : undefined);
}

/** At the level http. */
export function cacheZone(bytes: number, own: readonly string[] = []): string {
  const keysMib = Math.min(MOST_KEYS_MIB, Math.ceil(bytes / BYTES_FOR_A_MIB_OF_KEYS));
  const limits = `max_size=${bytes} min_free=${LEFT_FREE} inactive=${UNASKED}`;
  return `proxy_cache_path ${NGINX_CACHE_DIRECTORY} levels=2 keys_zone=djinit_cache:${keysMib}m ${limits} use_temp_path=off;
${maps(own)}`;
}

/**
 * What an answer may follow from besides its URL and what its Vary names: headers that proxies set and that frameworks believe. They
 * are part of the key, so that nobody can have an answer kept for others that his own header has made. Proxies send these with
 * each request. Whether such a header reaches the application depends on the peer, which is in the key, too.
 */
const CLAIMS = [
  ...["Proto", "Scheme", "Host", "Port", "Prefix", "Server"].map((name) => `X-Forwarded-${name}`),
  ...["X-Scheme", "X-Url-Scheme", "Front-End-Https", "CloudFront-Forwarded-Proto", "CF-Visitor"],
].map(headerVariable);
/**
 * A request with one of these has an answer of its own. With CLAIMS it is whatever forwarded/headers.conf keeps from the application,
 * but for addresses, and more.
 */
const PRIVATE = [
  ...["Authorization", "Range", "Forwarded", "X-Forwarded"],
  // A body, of which the key knows nothing. One of HTTP/2 need not have its length in a header.
  ...["Content-Length", "Transfer-Encoding"],
  ...["X-Forwarded-Uri", "X-Forwarded-Path", "X-Forwarded-Method", "X-Original-URL", "X-Original-Host"],
  ...["X-Rewrite-URL", "X-Script-Name", "X-HTTP-Method-Override"],
  // Who the user is.
  ...["Remote-User", "Remote-Groups", "Remote-Email", "Remote-Name", "X-Remote-User"],
  ...["User", "Preferred-Username", "Email", "Groups", "Access-Token", "Client-Cert"].map(
    (name) => `X-Forwarded-${name}`,
  ),
  ...["User", "Email", "Groups", "Preferred-Username"].map((name) => `X-Auth-Request-${name}`),
  ...["X-Goog-Authenticated-User-Email", "X-Amzn-Oidc-Identity"],
  ...["Verify", "S-DN", "Cert"].map((name) => `X-SSL-Client-${name}`),
  ...["Verify", "S-DN", "Subject-Dn", "Issuer-Dn", "Cert"].map((name) => `Ssl-Client-${name}`),
  ...["Username", "Groups", "Email", "Name", "Uid", "Entitlements"].map((name) => `X-Authentik-${name}`),
  ...["", "-Id", "-Idp", "-Name"].map((name) => `X-MS-Client-Principal${name}`),
  ...["Tailscale-User-Login", "Tailscale-User-Name", "CF-Access-Authenticated-User-Email"],
  ...["Id", "Custom-Id", "Username", "Groups"].map((name) => `X-Consumer-${name}`),
  ...[
    "X-Credential-Identifier",
    "X-Authenticated-Userid",
    "X-Userinfo",
    "X-Vouch-User",
    "X-Authenticated-User",
    "X-Authenticated-Groups",
  ],
  ...["X-WebAuth-User", "X-Goog-Authenticated-User-Id", "X-ARR-ClientCert", "X-SSL-Issuer"],
  ...["Client-Cert", "Client-Cert-Chain", "X-Forwarded-Tls-Client-Cert", "X-Forwarded-Tls-Client-Cert-Info"],
  ...["DN", "CN", "SHA1", "Serial"].map((name) => `X-SSL-Client-${name}`),
  ...["", "-Leaf", "-Subject", "-Issuer", "-Serial-Number"].map((name) => `X-Amzn-Mtls-Clientcert${name}`),
  ...["X-Original-URI", "X-Original-Method", "X-Envoy-Original-Path", "X-HTTP-Host-Override"],
]
  .map(headerVariable)
  .concat("$request_body", "$request_body_file");

const maps = (own: readonly string[]): string => `
map "${CLAIMS.join("|")}" $djinit_cache_claims {
    "~^(?<djinit_cache_short>.{0,400})$" $djinit_cache_short;
    default "";
}
# 1: a request that is not answered from what is kept, and whose answer is not kept. A key that is too long for nginx is none.
map "${[...PRIVATE, ...own.map(headerVariable)].join("")}" $djinit_cache_asked_by_name {
    "" "";
    default 1;
}
map "${CLAIMS.join("|")}" $djinit_cache_long {
    "~^.{0,400}$" "";
    default 1;
}
map $upstream_http_cache_control $djinit_cache_unshared {
    "~*(^|[,\\s])(public([,\\s]|$)|s-maxage=)" "";
    default 1;
}
map $upstream_status $djinit_cache_passing {
    "~^(200|203|300|301|302|307|308|404|410)$" "";
    default 1;
}
# nginx takes these from a request whose answer it may keep. Whoever gets an answer of his own sends them to the application.
map $djinit_cache_asked_by_name $djinit_cache_none_match {
    1 $http_if_none_match;
}
map $djinit_cache_asked_by_name $djinit_cache_modified_since {
    1 $http_if_modified_since;
}
`;

/** What each way to the application has that may keep answers. */
const KEEPING = `proxy_cache djinit_cache;
proxy_cache_key "$request_method $https $djinit_from_proxy $djinit_cache_claims $djinit_host $request_uri";
proxy_cache_convert_head off;
proxy_cache_bypass $djinit_cache_asked_by_name $djinit_cache_long;
proxy_no_cache $djinit_cache_asked_by_name $djinit_cache_long $djinit_cache_unshared $djinit_cache_passing;
proxy_set_header If-None-Match $djinit_cache_none_match;
proxy_set_header If-Modified-Since $djinit_cache_modified_since;
proxy_set_header If-Match $http_if_match;
proxy_set_header If-Unmodified-Since $http_if_unmodified_since;
proxy_set_header Range $http_range;
proxy_set_header If-Range $http_if_range;
`;
/** No proxy_cache_lock: a page that nobody may keep would be made for one client at a time, for it holds the lock as well. */
const USE = `${KEEPING}proxy_cache_background_update on;\n`;

/** Which requests have it: by the path as the client has written it. */
function lockMap(paths: readonly string[]): string {
  if (paths.length === 0) return "";
  const lines = paths.map((path) => {
    const isOpen = path.endsWith("*");
    return `    "~^${forRegex(isOpen ? path.slice(0, -1) : path)}${isOpen ? "" : "(?:\\?|$)"}" 1;`;
  });
  return `map $request_uri $djinit_cache_lock {\n${lines.join("\n")}\n}\n`;
}

/** Only a location can have a lock. The status is only the way there, as in locations/streams.conf. */
const LOCKED = `if ($djinit_cache_lock) {
    return 419;
}
`;
/**
 * nginx's lock is for answers that are not there. Of one whose time is over it has none: there one request goes on, and the others get
 * the old answer. No update in the background: that one would get it too, however old it is.
 */
const LOCK_LOCATION = `error_page 419 = @djinit_cache_lock;
location @djinit_cache_lock {
    include /etc/nginx/conf.d/django.conf.d/application.conf;
    # Without nginx-waits-cache.conf. There may be no such file.
    include /run/djinit/nginx-waits.con[f];
${KEEPING.replaceAll(/^(?=.)/gm, "    ")}    proxy_cache_lock on;
    proxy_cache_use_stale updating;
}
`;

/**
 * How much nginx may keep. It removes what is too much up to 10 s late, and cuts off an answer that finds no room: half of what is
 * free is for that.
 */
export function cacheSize(wanted: number, freeBytes: number): number {
  return Math.min(wanted, Math.max(MIB, Math.floor(freeBytes / 2)));
}

/** Where nginx writes. */
export function freeBytes(run: string): number {
  const { bavail, bsize } = statfsSync(placedIn(run, NGINX_DIRECTORY));
  return bavail * bsize;
}
