import { afterAll, beforeAll, expect, test } from "vitest";
import { type NginxSubject, startSubject } from "./nginx-subject.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN = "00f067aa0ba902b7";

let subject: NginxSubject;
beforeAll(async () => {
  subject = await startSubject({ "/app/static/page.txt": "page" });
});
afterAll(() => subject?.remove());

/** The id that each of the three got for one request: the client, the application and the log. */
async function idsOf(path: string, headers: Record<string, string>) {
  const answer = await subject.ask(path, { headers });
  const [record] = await subject.records(path);
  const returned = answer.headers["x-request-id"];
  return { answer, returned, logged: record?.["request_id"] };
}

async function expectId(path: string, headers: Record<string, string>, id: unknown): Promise<void> {
  const { answer, returned, logged } = await idsOf(path, headers);
  const { headers: received } = JSON.parse(answer.body.toString()) as { headers: Record<string, string> };
  expect([returned, received["x-request-id"], logged]).toEqual([id, id, id]);
}

test.each([
  ["a UUID", "d9b2d63d-a233-4123-847a-7090c1a1e7b2"],
  ["of a load balancer", "Root=1-67891233-abcdef012345678912345678"],
  ["one character", "x"],
  ["the longest", "a".repeat(128)],
])("a well-formed X-Request-ID is taken: %s", async (name, id) => {
  await expectId(`/taken/${encodeURIComponent(name)}`, { "X-Request-ID": id }, id);
});

test.each([
  ["too long", "a".repeat(129)],
  ["a space", "a b"],
  ["quotes", 'a"b'],
  ["not ASCII", "\u00e4"],
  ["empty", ""],
])("any other is replaced: %s", async (name, id) => {
  const path = `/replaced/${encodeURIComponent(name)}`;
  await expectId(path, { "X-Request-ID": id }, expect.stringMatching(/^[0-9a-f]{32}$/));
});

test("without one the trace of a traceparent is taken", async () => {
  await expectId("/trace", { traceparent: `00-${TRACE}-${SPAN}-01` }, TRACE);
  await expectId("/trace/later", { traceparent: `cc-${TRACE}-${SPAN}-01-what-comes` }, TRACE);
  await expectId("/both", { "X-Request-ID": "own", traceparent: `00-${TRACE}-${SPAN}-01` }, "own");
});

test.each([
  `00-${"0".repeat(32)}-${SPAN}-01`,
  `00-${TRACE}-${"0".repeat(16)}-01`,
  `ff-${TRACE}-${SPAN}-01`,
  `00-${TRACE.toUpperCase()}-${SPAN}-01`,
  `00-${TRACE}-${SPAN}-01-more`,
  TRACE,
])("but no malformed one: %s", async (traceparent) => {
  const { returned, logged } = await idsOf(`/malformed/${traceparent}`, { traceparent });
  expect(returned).not.toBe(TRACE);
  expect(returned).toMatch(/^[0-9a-f]{32}$/);
  expect(logged).toBe(returned);
});

test("what nginx answers by itself has one too: files, errors, and what is no request", async () => {
  for (const path of ["/static/page.txt", "/static/none.txt", "/media/none.png"]) {
    const { returned, logged } = await idsOf(path, { "X-Request-ID": `file:${path}` });
    expect([returned, logged]).toEqual([`file:${path}`, `file:${path}`]);
  }
});

test("two requests have two", async () => {
  const one = await idsOf("/one", {});
  const other = await idsOf("/other", {});
  expect(one.returned).not.toBe(other.returned);
});
