// One connection: the bytes of a case go out, all that comes is read until the server closes.
import { connect } from "node:net";

const DEADLINE_MS = 60_000;

export interface RawAnswer {
  status: number;
  /** Names in lower case. */
  headers: Record<string, string>;
  body: string;
}

export interface Exchanged {
  answers: RawAnswer[];
  /** What came after the last answer, or without one. */
  raw: string;
  /** The server has closed the connection. */
  closed: boolean;
}

export async function exchange(
  port: number,
  bytes: readonly Buffer[],
  { ends = false, leaves = false, head = false } = {},
): Promise<Exchanged> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const chunks: Buffer[] = [];
  let closed = true;
  const socket = connect({ port, host: "127.0.0.1" });
  socket.setNoDelay(true);
  const received = () => Buffer.concat(chunks).toString("latin1");
  socket.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    if (leaves && answersIn(received(), head).answers.some(({ status }) => status >= 200)) socket.destroy();
  });
  // A server that refuses a request resets what it has not read of it.
  socket.on("error", () => {});
  socket.once("close", () => resolve(received()));
  const deadline = setTimeout(() => {
    closed = false;
    socket.destroy();
  }, DEADLINE_MS);
  for (const part of bytes) socket.write(part);
  if (ends) socket.end();
  try {
    return { ...answersIn(await promise, head), closed };
  } finally {
    clearTimeout(deadline);
  }
}

function answersIn(text: string, head: boolean): Omit<Exchanged, "closed"> {
  const answers: RawAnswer[] = [];
  let rest = text;
  for (;;) {
    const match = /^HTTP\/1\.[01] (\d{3})[^\r\n]*\r\n((?:[^\r\n]+\r\n)*)\r\n/.exec(rest);
    if (match === null) return { answers, raw: rest };
    const status = Number(match[1]);
    const headers = Object.fromEntries(
      (match[2] ?? "")
        .split("\r\n")
        .filter(Boolean)
        .map((line) => [
          line.slice(0, line.indexOf(":")).toLowerCase(),
          line.slice(line.indexOf(":") + 1).trim(),
        ]),
    );
    rest = rest.slice(match[0].length);
    const isEmpty = head || status < 200 || status === 204 || status === 304;
    const { body, after } = isEmpty ? { body: "", after: rest } : bodyOf(rest, headers);
    rest = after;
    answers.push({ status, headers, body });
  }
}

function bodyOf(rest: string, headers: Record<string, string>): { body: string; after: string } {
  if (headers["transfer-encoding"] !== "chunked") {
    const length = Number(headers["content-length"] ?? rest.length);
    return { body: rest.slice(0, length), after: rest.slice(length) };
  }
  let body = "";
  let at = rest;
  for (;;) {
    const size = /^([0-9a-f]+)\r\n/.exec(at);
    if (size === null) return { body, after: at };
    const length = Number.parseInt(size[1] as string, 16);
    const from = size[0].length;
    body += at.slice(from, from + length);
    at = at.slice(from + length + 2);
    if (length === 0) return { body, after: at };
  }
}
