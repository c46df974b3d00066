import type { OutgoingHttpHeaders } from "node:http";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Files, type NginxSubject, startSubject } from "./nginx-subject.ts";

const THRESHOLD_BYTES = 1_024;
const LARGE = Buffer.alloc(THRESHOLD_BYTES, "a");
const SMALL = LARGE.subarray(1);
const GZIP: OutgoingHttpHeaders = { "Accept-Encoding": "gzip" };

const COMPRESSED = [
  "html",
  "txt",
  "css",
  "csv",
  "js",
  "mjs",
  "json",
  "map",
  "webmanifest",
  "xml",
  "svg",
  "ttf",
  "otf",
  "eot",
];
const COMPRESSED_ALREADY = ["woff", "woff2", "png", "jpg", "zip"];

const FILES: Files = {};
for (const extension of [...COMPRESSED, ...COMPRESSED_ALREADY]) {
  FILES[`/app/static/large.${extension}`] = LARGE;
  FILES[`/app/static/small.${extension}`] = SMALL;
}
FILES["/app/media/large.css"] = LARGE;

let subject: NginxSubject;
beforeAll(async () => {
  subject = await startSubject(FILES);
});
afterAll(() => subject?.remove());

async function encoding(path: string, headers: OutgoingHttpHeaders = GZIP) {
  const answer = await subject.ask(path, { headers });
  expect(answer.status).toBe(200);
  return { encoding: answer.headers["content-encoding"], vary: answer.headers.vary, body: answer.body };
}

function dynamic(type: string, bytes: number, ...headers: string[]): string {
  const query = new URLSearchParams({ type, bytes: String(bytes) });
  for (const header of headers) query.append("header", header);
  return `/body/?${query}`;
}

describe("files", () => {
  test.each(COMPRESSED)("1,024 bytes of .%s are compressed, and are the same bytes", async (extension) => {
    const answer = await encoding(`/static/large.${extension}`);
    expect(answer).toMatchObject({ encoding: "gzip", vary: "Accept-Encoding" });
    expect(gunzipSync(answer.body).equals(LARGE)).toBe(true);
  });

  test.each(COMPRESSED)("1,023 bytes of .%s are not, and do not vary", async (extension) => {
    expect(await encoding(`/static/small.${extension}`)).toEqual({
      encoding: undefined,
      vary: undefined,
      body: SMALL,
    });
  });

  test.each(COMPRESSED)(
    "a .%s that could be compressed varies for who does not take gzip",
    async (extension) => {
      const answer = await encoding(`/static/large.${extension}`, { "Accept-Encoding": "identity" });
      expect(answer).toEqual({ encoding: undefined, vary: "Accept-Encoding", body: LARGE });
    },
  );

  test.each(COMPRESSED_ALREADY)("a .%s never is", async (extension) => {
    const answer = await encoding(`/static/large.${extension}`);
    expect(answer).toEqual({ encoding: undefined, vary: undefined, body: LARGE });
  });

  test("media too", async () => {
    expect(await encoding("/media/large.css")).toMatchObject({ encoding: "gzip", vary: "Accept-Encoding" });
  });

  test("a proxy that names itself in Via gets gzip too", async () => {
    const answer = await encoding("/static/large.css", { ...GZIP, Via: "1.1 proxy.example" });
    expect(answer).toMatchObject({ encoding: "gzip", vary: "Accept-Encoding" });
  });
});

describe("responses of the application", () => {
  test.each([
    "text/html; charset=utf-8",
    "text/plain",
    "text/css",
    "text/javascript",
    "text/xml",
    "application/javascript",
    "application/json",
    "application/xml",
    "application/rss+xml",
    "image/svg+xml",
    "font/ttf",
    "font/otf",
    "application/vnd.ms-fontobject",
  ])("%s: from 1,024 bytes", async (type) => {
    const large = await encoding(dynamic(type, THRESHOLD_BYTES));
    expect(large).toMatchObject({ encoding: "gzip", vary: "Accept-Encoding" });
    expect(gunzipSync(large.body)).toHaveLength(THRESHOLD_BYTES);
    expect(await encoding(dynamic(type, THRESHOLD_BYTES - 1))).toMatchObject({
      encoding: undefined,
      vary: undefined,
    });
  });

  test.each(["font/woff", "font/woff2", "application/font-woff", "image/png", "application/octet-stream"])(
    "%s: never",
    async (type) => {
      expect(await encoding(dynamic(type, 4_096))).toMatchObject({ encoding: undefined, vary: undefined });
    },
  );

  test("through a proxy, even if nobody may cache it", async () => {
    const path = dynamic("text/html", THRESHOLD_BYTES, "Cache-Control:private, no-store");
    expect(await encoding(path, { ...GZIP, Via: "1.1 proxy.example" })).toMatchObject({ encoding: "gzip" });
    const authorized = { ...GZIP, Via: "1.1 proxy.example", Authorization: "Basic eDp5" };
    expect(await encoding(path, authorized)).toMatchObject({ encoding: "gzip" });
  });

  test("what the application compressed itself is left alone", async () => {
    const answer = await encoding(dynamic("text/html", THRESHOLD_BYTES, "Content-Encoding:br"), {
      "Accept-Encoding": "br, gzip",
    });
    expect(answer.encoding).toBe("br");
    expect(answer.body).toHaveLength(THRESHOLD_BYTES);
  });
});
