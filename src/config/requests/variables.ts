// The rows of the table about what nginx lets through. Part of variables.ts.
import { directory, integer, seconds } from "../value-types.ts";
import { variable } from "../variable.ts";
import { byteSize, headers, paths, rate } from "./types.ts";

export const REQUEST_VARIABLES = {
  maxBodySize: variable(
    "DJINIT_MAX_BODY_SIZE",
    byteSize("1k", "1024g"),
    "Web: the largest body of a request, as in `50m` or `2g`; a larger one is answered with 413.",
    { default: "20m" },
  ),
  maxHeaderSize: variable(
    "DJINIT_MAX_HEADER_SIZE",
    byteSize("1k", "64k"),
    "Web: the longest request line, and the longest header, of nginx and of gunicorn; what is longer is answered with 414 or 431.",
    { default: "8k" },
  ),
  requestTimeoutMs: variable(
    "DJINIT_REQUEST_TIMEOUT",
    seconds(1, 86_400),
    "Web: how long a request may take: gunicorn's `--timeout`, unless that is given itself, and how long nginx waits for an answer.",
  ),
  clientTimeoutMs: variable(
    "DJINIT_CLIENT_TIMEOUT",
    seconds(1, 3_600),
    "Web: how long nginx waits between two pieces of a request's body, or of an answer, for a client that does not go on; for all of a request's headers 20 s at most.",
    { default: "60" },
  ),
  rateLimit: variable(
    "DJINIT_RATE_LIMIT",
    rate(),
    "Web: how many requests for the application a client may make, as in `10/s` or `300/m`; one more is answered with 429. Files and probes are not counted.",
  ),
  rateBurst: variable(
    "DJINIT_RATE_BURST",
    integer(0, 100_000),
    "Web: how many requests a client may be ahead of that. Default: the number in DJINIT_RATE_LIMIT.",
  ),
  cacheBytes: variable(
    "DJINIT_CACHE",
    byteSize("1m", "64g"),
    "Web: nginx keeps up to so much of the application's answers that say `public` or `s-maxage` in Cache-Control, as in `100m`, and answers from there for as long as they say. Without it: none.",
  ),
  cacheLock: variable(
    "DJINIT_CACHE_LOCK",
    paths(),
    "Web: paths whose answers everybody may have, as in `/,/news/*`: where DJINIT_CACHE has none, or one whose time is over, one request is made and the others wait for it or get the old one.",
  ),
  staticHeaders: variable(
    "DJINIT_STATIC_HEADERS",
    headers(),
    "Web: more headers of static files, with `|` or new lines between them, as in `Cross-Origin-Resource-Policy: same-site`. One that nginx sets by itself, Cache-Control say, is replaced.",
  ),
  mediaHeaders: variable(
    "DJINIT_MEDIA_HEADERS",
    headers(),
    "Web: the same of uploads, as in `Access-Control-Allow-Origin: https://shop.example`. One that nginx sets by itself, Content-Security-Policy say, is replaced.",
  ),
  errorPages: variable(
    "DJINIT_ERROR_PAGES",
    directory(),
    "Web: a directory with pages of the project's own for what nginx answers by itself: 413.html, 502.json and their like.",
  ),
} as const;
