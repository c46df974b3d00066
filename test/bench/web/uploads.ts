import { http } from "../../support/http.ts";
import { summarize } from "../statistics.ts";
import type { Sample } from "./figure.ts";

export const UPLOADS = 20;
export const UPLOAD_MB = 5;
const TIMEOUT_MS = 60_000;

const FILE_BYTES = UPLOAD_MB * 1_000_000;
const HEAD =
  '--b\r\nContent-Disposition: form-data; name="file"; filename="photo.jpg"\r\nContent-Type: image/jpeg\r\n\r\n';
const BODY = Buffer.concat([
  Buffer.from(HEAD),
  Buffer.alloc(FILE_BYTES, "photo"),
  Buffer.from("\r\n--b--\r\n"),
]);

/** All at once: the time until the last one is answered, and how long each took. Errors: a file has not come whole. */
export async function measureUploads(url: string): Promise<Sample> {
  const startedMs = performance.now();
  const tookMs = await Promise.all(Array.from({ length: UPLOADS }, () => upload(url)));
  const value = (performance.now() - startedMs) / 1000;
  const { max, median } = summarize(tookMs);
  return { value, p50Ms: median, p99Ms: max };
}

async function upload(url: string): Promise<number> {
  const startedMs = performance.now();
  const headers = { "content-type": "multipart/form-data; boundary=b" };
  const { status, text } = await http(url, { method: "POST", headers, body: BODY, timeoutMs: TIMEOUT_MS });
  if (status !== 200 || (JSON.parse(text) as { bytes: number }).bytes !== FILE_BYTES)
    throw new Error(`cannot upload to ${url}: status ${status}: ${text.slice(0, 200)}`);
  return performance.now() - startedMs;
}
