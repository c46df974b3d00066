// What PID 1 tells: over the control socket, and on its admin port.
import { get } from "node:http";
import type { Readable } from "node:stream";
import { connectControl } from "../control-socket.ts";

const LIMIT_MS = 5_000;
/** Far more than djinit ever says. Whoever else listens there may say anything. */
const MOST_BYTES = 4 * 1024 * 1024;

/** The last records, a line each; during the boot the reason why there are none. */
export async function askRecords(): Promise<string> {
  const socket = connectControl();
  socket.setTimeout(LIMIT_MS, () => socket.destroy(new Error(`no answer within ${LIMIT_MS / 1000} s`)));
  socket.write(`${JSON.stringify({ verb: "logs" })}\n`);
  return (await textOf(socket)).replace(/\0\n$/, "");
}

/** The page of metrics. Errors: it has none, or not in time. */
export async function askMetrics(port: number, address: string | undefined): Promise<string> {
  if (!port) throw new Error("DJINIT_ADMIN_PORT is 0");
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const isAny = address === undefined || /^(0\.0\.0\.0|::|\*)$/.test(address);
  const signal = AbortSignal.timeout(LIMIT_MS);
  const request = get({ host: isAny ? "127.0.0.1" : address, port, path: "/metrics", agent: false, signal });
  request.once("response", (answer) => textOf(answer).then(resolve, reject));
  request.once("error", reject);
  return promise;
}

async function textOf(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let left = MOST_BYTES;
  // A stream that is not read to its end is destroyed.
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    left -= chunk.length;
    if (left < 0) throw new Error(`the answer is larger than ${MOST_BYTES / 1024 / 1024} MiB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Whoever had to become user djinit for the socket is root again. */
export function beRootAgain(): void {
  if (process.getuid?.() !== 0 || process.geteuid?.() === 0) return;
  process.seteuid?.(0);
  process.setegid?.(0);
}
