// How the variables about requests become values. Every message completes «NAME is "text", …».
import * as v from "valibot";
import { bytesOf } from "../value-types.ts";

/** As nginx takes it: 20m, 1g; the value is in bytes. Sizes are given in words for the message. */
export const byteSize = (min: string, max: string) => {
  const message = `which is not a size from ${min} to ${max}, such as ${max.slice(-1) === "k" ? "16k" : "50m"}`;
  return v.pipe(
    v.string(),
    v.regex(/^\d{1,12}[bkmg]?$/i, message),
    v.transform(bytesOf),
    v.minValue(bytesOf(min), message),
    v.maxValue(bytesOf(max), message),
  );
};

/** As clients write it, without what would end a string, a word or a group of nginx's. */
const PATH = /^\/[A-Za-z0-9._~/%:@!&'()+=-]*\*?$/;

/** With commas. A `*` at the end: whatever begins so. */
export const paths = () =>
  v.pipe(
    v.string(),
    v.transform((text) => text.split(",").map((path) => path.trim())),
    v.check(
      (given) => given.every((path) => PATH.test(path)),
      "which is not a list, with commas, of paths that begin with / and may end with *, as in /,/news/*",
    ),
  );

export interface Rate {
  requests: number;
  per: "s" | "m";
}

/** So many requests in a second or in a minute: 10/s, 300/m. */
export const rate = () => {
  const message =
    "which is not a number of requests from 1 to 100000 in a second or a minute, such as 10/s or 300/m";
  return v.pipe(
    v.string(),
    v.regex(/^\d{1,6}\/[sm]$/, message),
    v.transform(
      (given): Rate => ({ requests: Number.parseInt(given, 10), per: given.endsWith("s") ? "s" : "m" }),
    ),
    v.check(({ requests }) => requests >= 1 && requests <= 100_000, message),
  );
};

export interface Header {
  name: string;
  value: string;
}

/** A value that means itself between nginx's double quotes. */
const HEADER = /^([A-Za-z][A-Za-z0-9-]*):[ \t]*([\x20\x21\x23\x25-\x5b\x5d-\x7e]+)$/;
/** What a response is made of: nginx says that. */
const NGINX_OWN =
  /^(connection|content-(encoding|length|type|range)|date|etag|keep-alive|last-modified|server|trailer|transfer-encoding|upgrade|vary|x-request-id)$/i;

/** Headers with lines or | between them, each name once. */
export const headers = () =>
  v.pipe(
    v.string(),
    v.rawTransform(({ dataset: { value }, addIssue, NEVER }): Header[] => {
      const found = new Map<string, Header>();
      for (const item of value.split(/[|\n]/).map((text) => text.trim())) {
        if (item === "") continue;
        const [, name = "", text = ""] = HEADER.exec(item) ?? [];
        const said = JSON.stringify(item);
        if (name === "") {
          const wanted =
            "no header such as Cross-Origin-Resource-Policy: same-site, in plain letters without quote, $ and backslash";
          addIssue({ message: `where ${said} is ${wanted}` });
          return NEVER;
        }
        if (NGINX_OWN.test(name) || found.has(name.toLowerCase())) {
          const why = found.has(name.toLowerCase())
            ? "is there twice: name it once"
            : "is nginx's own: leave it out";
          addIssue({ message: `where ${said} ${why}` });
          return NEVER;
        }
        found.set(name.toLowerCase(), { name, value: text.trim() });
      }
      return [...found.values()];
    }),
  );

const HEADER_NAME = /^[A-Za-z][A-Za-z0-9-]{0,62}$/;
/** What a request is made of, and what nginx sees to by itself. */
const OF_REQUESTS =
  /^(accept.*|cache-control|connection|content-.*|cookie|date|expect|host|if-.*|keep-alive|origin|proxy|range|referer|sec-.*|te|trailer|transfer-encoding|upgrade|user-agent|via|x-djinit-client|x-forwarded-(for|proto|protocol|ssl)|x-request-id)$/i;

/** Names with commas, each once. */
export const headerNames = () =>
  v.pipe(
    v.string(),
    v.rawTransform(({ dataset: { value }, addIssue, NEVER }): string[] => {
      const found = new Map<string, string>();
      for (const name of value.split(",").map((text) => text.trim())) {
        const said = JSON.stringify(name);
        const problem = !HEADER_NAME.test(name)
          ? "is no name of a header such as X-Shop-User"
          : OF_REQUESTS.test(name) && "is no header by which a proxy names a user: leave it out";
        if (problem !== false) {
          addIssue({ message: `where ${said} ${problem}` });
          return NEVER;
        }
        found.set(name.toLowerCase(), name);
      }
      return [...found.values()];
    }),
  );
