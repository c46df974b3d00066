import { type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from "node:http";

export interface HttpAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  /** Names and values as they came, one after the other. */
  rawHeaders: string[];
  /** As it came: still compressed if `content-encoding` says so. */
  body: Buffer;
  text: string;
}

export interface HttpOptions {
  method?: string;
  headers?: OutgoingHttpHeaders;
  body?: string | Buffer;
  timeoutMs?: number;
}

/** One request on a connection of its own; follows no redirect. Errors: no whole answer within `timeoutMs` (15 s). */
export function http(url: string, options: HttpOptions = {}): Promise<HttpAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
  const timeoutMs = options.timeoutMs ?? 15_000;
  const sent = request(
    url,
    {
      method: options.method ?? "GET",
      headers: options.headers ?? {},
      agent: false,
      signal: AbortSignal.timeout(timeoutMs),
    },
    (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.once("error", reject);
      answer.once("end", () => {
        const body = Buffer.concat(chunks);
        const { headers, rawHeaders, statusCode = 0 } = answer;
        resolve({ status: statusCode, headers, rawHeaders, body, text: body.toString("utf8") });
      });
    },
  );
  sent.once("error", (error) => reject(new Error(`cannot fetch ${url}: ${error.message}`, { cause: error })));
  sent.end(options.body);
  return promise;
}
