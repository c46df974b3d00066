import { afterAll, beforeAll, expect, test } from "vitest";
import { type NginxSubject, startSubject } from "./nginx-subject.ts";

let subject: NginxSubject;
beforeAll(async () => {
  subject = await startSubject({ "/app/static/page.txt": "12345" });
});
afterAll(() => subject?.remove());

test("a request is one record with every field", async () => {
  const startedAt = Date.now();
  await subject.ask("/static/page.txt", {
    headers: {
      Host: "cakes.example:8000",
      Authorization: `Basic ${btoa("ada:secret")}`,
      Referer: "http://other.example/",
      "User-Agent": "test/1",
      Via: "1.1 proxy.example",
      "X-Forwarded-Proto": "https",
      "X-Forwarded-For": "192.0.2.1",
    },
  });
  const records = await subject.records("/static/page.txt");
  expect(records).toHaveLength(1);
  const [record] = records;
  expect(record).toMatchObject({
    remote_addr: expect.stringMatching(/^\d+\.\d+\.\d+\.\d+$/),
    remote_user: "ada",
    request: "GET /static/page.txt HTTP/1.1",
    status: 200,
    body_bytes_sent: 5,
    request_time: expect.any(Number),
    http_host: "cakes.example:8000",
    http_referer: "http://other.example/",
    http_user_agent: "test/1",
    http_via: "1.1 proxy.example",
    http_x_forwarded_proto: "https",
    http_x_forwarded_for: "192.0.2.1",
  });
  expect(record?.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  expect(Math.abs(Date.parse(String(record?.time)) - startedAt)).toBeLessThan(5_000);
});

test("what is absent is an empty string", async () => {
  await subject.ask("/absent");
  const [record] = await subject.records("/absent");
  expect(record).toMatchObject({
    remote_user: "",
    http_referer: "",
    http_user_agent: "",
    http_via: "",
    http_x_forwarded_proto: "",
    http_x_forwarded_for: "",
  });
});

test("quotes, backslashes and tabs of a client do not break the record", async () => {
  const agent = 'a "quoted" \\ back\tslash", "status": 999, "x": "';
  await subject.ask("/quoted", { headers: { "User-Agent": agent } });
  const [record] = await subject.records("/quoted");
  expect(record).toMatchObject({ http_user_agent: agent, status: 200 });
});

test("each request is logged, whoever answered it and however", async () => {
  await subject.ask("/static/none.txt");
  await subject.ask("/static/none.txt");
  await subject.ask("/static/page.txt?refused", { method: "DELETE" });
  expect((await subject.records("/static/none.txt", 2)).map(({ status }) => status)).toEqual([404, 404]);
  expect(await subject.records("/static/page.txt?refused")).toMatchObject([{ status: 405 }]);
});
