// How long a request line and a header may be, for nginx and for gunicorn: nginx is the one that refuses. Pure.
import type { Config } from "../../config/variables.ts";

/** Of nginx's buffers for long headers. Each holds one line at least. */
const BUFFERS = 4;
/** gunicorn takes no greater limit but 0, which is none. */
const GUNICORN_LONGEST_LINE = 8_190;
/** What nginx appends to X-Forwarded-For, and more: a header that it has let through is never too long for gunicorn. */
const ROOM_BYTES = 1_024;
/** 100 of the client's, as gunicorn has it by itself, and those that nginx adds. nginx cannot count. */
const MOST_FIELDS = 112;

/** All that comes before a body, at the most: nginx's first buffer, the others, and what it adds. */
export function longestHeadBytes({ maxHeaderSize }: Pick<Config, "maxHeaderSize">): number {
  return BUFFERS * maxHeaderSize + BUFFERS * ROOM_BYTES;
}

/** For `large_client_header_buffers`. */
export function nginxBuffers({ maxHeaderSize }: Pick<Config, "maxHeaderSize">): string {
  return `${BUFFERS} ${maxHeaderSize}`;
}

/** Our gunicorn file reads them: the longest line, the longest header, how many headers. */
export function gunicornLimits({ maxHeaderSize }: Pick<Config, "maxHeaderSize">): Record<string, string> {
  const line = maxHeaderSize > GUNICORN_LONGEST_LINE + 2 ? 0 : GUNICORN_LONGEST_LINE;
  return { DJINIT_REQUEST_LIMITS: [line, maxHeaderSize + ROOM_BYTES, MOST_FIELDS].join(" ") };
}
