import { request as httpRequest, type IncomingHttpHeaders, type OutgoingHttpHeaders } from "node:http";

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  /** As it came: still compressed if `content-encoding` says so. */
  body: Buffer;
}

export interface Ask {
  /** Default: GET, or POST with a body. */
  method?: string;
  headers?: OutgoingHttpHeaders;
  body?: Buffer;
  /** Send the body without a Content-Length. */
  chunked?: boolean;
}

/**
 * One request to 127.0.0.1 whose path goes out as it is given, `..` and all. An answer counts even if the server closes
 * while the body is still being sent, as it does with one that is too large. Errors: no whole answer within 30 s.
 */
export function rawRequest(
  port: number,
  path: string,
  { method, headers, body, chunked = false }: Ask = {},
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const length = body === undefined || chunked ? {} : { "Content-Length": body.length };
  const sent = httpRequest({
    host: "127.0.0.1",
    port,
    path,
    method: method ?? (body === undefined ? "GET" : "POST"),
    headers: { ...length, ...headers },
    agent: false,
    signal: AbortSignal.timeout(30_000),
  });
  let answered = false;
  sent.once("response", (response) => {
    answered = true;
    const chunks: Buffer[] = [];
    response.on("data", (chunk: Buffer) => chunks.push(chunk));
    response.once("error", reject);
    response.once("end", () => {
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) });
    });
  });
  sent.on("error", (error) => {
    if (!answered) reject(new Error(`cannot ask for ${path}: ${error.message}`, { cause: error }));
  });
  sent.end(body);
  return promise;
}
