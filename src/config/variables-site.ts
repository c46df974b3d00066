// The rows of the table about nginx: the files that it serves, the proxies before it. Part of variables.ts.
import { networks } from "./network-types.ts";
import { headerNames } from "./requests/types.ts";
import { scriptName, urlPrefix } from "./site-types.ts";
import { choice, directory } from "./value-types.ts";
import { variable } from "./variable.ts";

export const SITE_VARIABLES = {
  web: variable(
    "DJINIT_WEB",
    choice("nginx", "application"),
    "Web: which half of it this container is, where two containers of a pod share it, and a volume at /run/web. Without it: both.",
  ),
  urlPrefix: variable(
    "DJINIT_URL_PREFIX",
    scriptName(),
    "Web: the path below which clients see the site, such as /shop, whether or not a proxy takes it away; none: none. Default: FORCE_SCRIPT_NAME of the settings.",
  ),
  staticUrl: variable(
    "DJINIT_STATIC_URL",
    urlPrefix(),
    "Web: below which path nginx serves static files; none: nowhere. Default: STATIC_URL of the settings, or /static/.",
  ),
  staticRoot: variable(
    "DJINIT_STATIC_ROOT",
    directory(),
    "Web: where nginx finds them first. Default: STATIC_ROOT of the settings.",
  ),
  mediaUrl: variable(
    "DJINIT_MEDIA_URL",
    urlPrefix(),
    "Web: below which path nginx serves uploads; none: nowhere. Default: MEDIA_URL of the settings, or /media/.",
  ),
  mediaRoot: variable(
    "DJINIT_MEDIA_ROOT",
    directory(),
    "Web: where nginx finds them first. Default: MEDIA_ROOT of the settings.",
  ),
  protectedRoot: variable(
    "DJINIT_PROTECTED_ROOT",
    directory(),
    "Web: a directory whose files nginx sends where the application answers with X-Accel-Redirect: /-/protected/NAME, and to nobody else.",
  ),
  trustedProxies: variable(
    "DJINIT_TRUSTED_PROXIES",
    networks(),
    "Web: addresses and networks of the load balancers, whose word about the client counts, as in `10.0.0.0/8, fd00::/8`. Without it: nobody's about its address, everybody's about the rest.",
  ),
  trustedHeaders: variable(
    "DJINIT_TRUSTED_HEADERS",
    headerNames(),
    "Web: further headers by which those proxies say who the user is, with commas, as in `X-Shop-User, X-Tenant`. From anybody else they are removed, as the usual ones are.",
  ),
} as const;
