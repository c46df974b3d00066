// What a hostile request is, and what must come of it. The tables beside this file are made of these.

/** A request as the application saw it. */
export interface Seen {
  /** Method and target, as in `GET /a?b`. */
  request: string;
  protocol: string;
  path: string;
  scheme: string;
  address: string;
  user: string | null;
  /** Names in lower case. */
  headers: Record<string, string>;
  body: string;
}

export interface SeenExpected extends Partial<Omit<Seen, "headers" | "request" | "address">> {
  request: string;
  /** null: it has none of that name. */
  headers?: Record<string, string | RegExp | null>;
}

/** Whoever sends: no address of the container's own, nor one that a case names. */
export const PEER = /^(?!127\.|192\.0\.2\.)\d+\.\d+\.\d+\.\d+$/;

export interface HostileCase {
  name: string;
  /**
   * The bytes, as latin1. `{id}` becomes four characters of the case's own, which every request of it should have in its
   * path. The server must close the connection: requests that it would wait after say `Connection: close`.
   */
  send: string | readonly string[];
  /** After the bytes the client ends its half of the connection: where the server waits for more. */
  ends?: boolean;
  /** The client closes the connection when it has an answer: where the server would wait a while for more. */
  leaves?: boolean;
  /** The requests are HEAD: no answer has a body. */
  head?: boolean;
  /** The statuses of the answers, in their order. */
  answers: readonly number[];
  /** Of the last answer. null: it has none of that name. */
  headers?: Record<string, string | RegExp | null>;
  /** In the last answer's body. */
  body?: string | RegExp;
  /** What comes that is no answer with a status line. */
  raw?: string | RegExp;
  /** All that the application saw. Default: nothing. */
  seen?: readonly (string | SeenExpected)[];
  /** Of the last access record: fields by their names, with dots. */
  logged?: Record<string, unknown>;
  /** The statuses of the access records. Default: those of the answers. */
  records?: readonly number[];
}

/** A well-formed request, to which the case adds one thing. */
export function request(line: string, ...more: string[]): string {
  return lines(`${line} HTTP/1.1`, "Host: cakes.example", ...more, "Connection: close", "", "");
}

export const get = (target: string, ...more: string[]): string => request(`GET ${target}`, ...more);

/** With a body: the headers are the case's own affair. */
export const post = (target: string, headers: readonly string[], body: string): string =>
  request(`POST ${target}`, ...headers) + body;

export const lines = (...all: string[]): string => all.join("\r\n");

/** Text as the bytes of its UTF-8, for a latin1 string. */
export const utf8 = (text: string): string => Buffer.from(text).toString("latin1");
