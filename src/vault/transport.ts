// One request to Vault. The token goes into a header, never into an address.
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { failureOfAnswer, failureOfConnection, VaultFailure } from "./failure.ts";
import type { VaultServer } from "./state.ts";

const MOST_BYTES = 1024 * 1024;
/** A standby sends clients on to the active server. */
const MOST_REDIRECTS = 2;
const REDIRECTS = new Set([301, 302, 307, 308]);

export interface Call {
  method: "GET" | "POST";
  /** Below /v1/. */
  path: string;
  token?: string;
  body?: Record<string, unknown>;
}

export type Send = (call: Call) => Promise<unknown>;

/** Resolves with the body of a success. Errors: VaultFailure. */
export function sender(server: VaultServer, timeoutMs: number): Send {
  return async (call) => {
    const path = call.path.split("/").map(encodeURIComponent).join("/");
    let url = new URL(`${server.address.replace(/\/+$/, "")}/v1/${path}`);
    for (let redirects = 0; ; redirects += 1) {
      const { status, location, body } = await exchange(server, url, call, timeoutMs);
      if (status >= 200 && status < 300) return body;
      if (!REDIRECTS.has(status) || location === undefined || redirects >= MOST_REDIRECTS)
        throw failureOfAnswer(status, body);
      url = follow(url, location);
    }
  };
}

/** Errors: VaultFailure, where the token would go over a connection that is not encrypted. */
function follow(from: URL, location: string): URL {
  const to = URL.canParse(location, from) ? new URL(location, from) : undefined;
  if (to === undefined || !/^https?:$/.test(to.protocol))
    throw new VaultFailure("unreachable", "it sends on to what is no address");
  if (from.protocol === "https:" && to.protocol !== "https:")
    throw new VaultFailure("refused", `it sends on to ${to.origin}, which is not encrypted`);
  return to;
}

interface Answer {
  status: number;
  location: string | undefined;
  body: unknown;
}

function exchange(
  { authority, namespace, serverName }: VaultServer,
  url: URL,
  { method, token, body }: Call,
  timeoutMs: number,
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const text = body === undefined ? undefined : JSON.stringify(body);
  const options = {
    method,
    agent: false as const,
    headers: {
      accept: "application/json",
      "x-vault-request": "true",
      ...(token === undefined ? {} : { "x-vault-token": token }),
      ...(namespace === undefined ? {} : { "x-vault-namespace": namespace }),
      ...(text === undefined
        ? {}
        : { "content-type": "application/json", "content-length": Buffer.byteLength(text) }),
    },
  };
  const secure = {
    ...options,
    rejectUnauthorized: true,
    ...(authority === undefined ? {} : { ca: authority }),
    ...(serverName === undefined ? {} : { servername: serverName }),
  };
  const request = url.protocol === "https:" ? requestHttps(url, secure) : requestHttp(url, options);
  const timer = setTimeout(
    () => request.destroy(Object.assign(new Error("no answer"), { code: "ETIMEDOUT" })),
    timeoutMs,
  );
  const fail = (error: Error): void => {
    clearTimeout(timer);
    reject(failureOfConnection(error));
  };
  request.on("error", fail);
  request.on("response", (response) => {
    const chunks: Buffer[] = [];
    let size = 0;
    response.on("error", fail);
    response.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > MOST_BYTES) request.destroy(new Error(`its answer is larger than ${MOST_BYTES / 1024} KiB`));
      else chunks.push(chunk);
    });
    response.on("end", () => {
      clearTimeout(timer);
      const status = response.statusCode ?? 0;
      const parsed = parse(Buffer.concat(chunks).toString("utf8"));
      // A proxy, or another server altogether.
      if (status >= 200 && status < 300 && parsed === undefined)
        reject(new VaultFailure("unreachable", "its answer is no JSON: is VAULT_ADDR that of a Vault?"));
      else resolve({ status, location: response.headers.location, body: parsed });
    });
  });
  request.end(text);
  return promise;
}

/** An empty body, as of 204, is an empty object. */
function parse(text: string): unknown {
  if (text.trim() === "") return {};
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
