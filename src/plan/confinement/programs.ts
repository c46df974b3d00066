// Modules that make nginx run code of the project's, which reads and writes what no directive names. Pure.
import { basename } from "node:path";
import type { Directive } from "./directives.ts";

/** Of Debian's and of nginx.org's: they reach only what their directives name. */
const MODULES =
  /^(ndk_http|ngx_(mail|stream|(http|stream)_geoip2?|http_(auth_spnego|brotli_(filter|static)|cache_purge|dav_ext|echo|fancyindex|headers_more_filter|image_filter|naxsi|subs_filter|uploadprogress|upstream_fair|vhost_traffic_status|xslt_filter|zip|zstd_(filter|static))))_module\.so$/;
/** The same where a module is built into nginx. */
const DIRECTIVES = /^(lua|js|perl|passenger|modsecurity|rtmp)(_|$)|_by_(lua|njs)(_|$)|^exec(_|$)/;

/** What of its files keeps nginx from being confined; undefined: nothing. */
export function runsPrograms(directives: readonly Directive[]): string | undefined {
  for (const { name, args } of directives) {
    const module = basename(args[0] ?? "");
    if (name === "load_module" && !MODULES.test(module)) return `its files load ${module}`;
    if (DIRECTIVES.test(name)) return `its files say ${name}`;
  }
  return undefined;
}
