// The rows of the table about what nginx lets through. Part of variables.ts.
import { seconds } from "../value-types.ts";
import { variable } from "../variable.ts";
import { byteSize } from "./types.ts";

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
} as const;
