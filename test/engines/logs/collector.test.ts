// What OpenTelemetry's collector makes of the log of a real container, with the configuration of deploy/logs.
import { afterAll, beforeAll, expect, test } from "vitest";
import { startReadyCake } from "../../container/cake-subject.ts";
import type { Container } from "../../support/docker.ts";
import { docker } from "../../support/docker-cli.ts";
import { eventually } from "../../support/eventually.ts";
import { http } from "../../support/http.ts";
import { type Collector, type OtlpRecord, startCollector } from "./collector.ts";

/** More than the engine leaves in one piece. */
const LONG_BYTES = 40_000;

let cake: Container;
let collector: Collector;
beforeAll(async () => {
  cake = await startReadyCake({ publish: [8000] });
  const url = await cake.url("/");
  await http(url, { headers: { "x-request-id": "for-the-collector" } });
  await http(`${url}debug/traceback/`);
  await http(`${url}debug/log/?lines=1&bytes=${LONG_BYTES}`);
  const path = await docker("find the log", ["inspect", "--format", "{{.LogPath}}", cake.id]);
  collector = await startCollector([path.trim()]);
});
afterAll(async () => {
  collector?.stop();
  await cake?.rm();
});

const found = (what: string, is: (record: OtlpRecord) => boolean) =>
  eventually(
    () => {
      const record = collector.records.find(is);
      if (record === undefined) throw new Error(`${collector.records.length} records`);
      return record;
    },
    { what, timeoutMs: 60_000, attach: async () => collector.log() },
  );

test("a request has its time, severity and text, and OpenTelemetry's names", async () => {
  const record = await found(
    "the request",
    ({ attributes }) => attributes["request_id"] === "for-the-collector",
  );
  const own = (await cake.records()).find((it) => it["request_id"] === "for-the-collector");
  expect(Number(BigInt(record.timeUnixNano) / 1_000_000n)).toBe(Date.parse(own?.time ?? ""));
  expect(record.severityNumber).toBe(9);
  expect(record.body).toEqual({ stringValue: "GET / HTTP/1.1 200" });
  expect(record.attributes).toMatchObject({
    service: "nginx",
    "http.request.method": "GET",
    "url.path": "/",
  });
  expect(Number(record.attributes["http.response.status_code"])).toBe(200);
  expect(Object.keys(record.attributes)).not.toContain("level");
});

test("a traceback is one record, with the exception's own attributes", async () => {
  const { severityNumber, attributes } = await found(
    "the traceback",
    (record) => record.attributes["exception.type"] === "RuntimeError",
  );
  expect(severityNumber).toBe(17);
  expect(attributes["exception.message"]).toBe("the cake fell on the floor");
  expect(attributes["exception.stacktrace"]).toContain("KeyError: 'flour'");
});

test("a line that the engine has cut is whole again", async () => {
  const record = await found("the long line", ({ body }) =>
    String(body["stringValue"]).startsWith("00000001 xxx"),
  );
  expect(String(record.body["stringValue"])).toHaveLength(LONG_BYTES);
});
