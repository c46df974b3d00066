// More than is taken: refused by nginx with a status of its own, before the application has any work with it.
import { get, type HostileCase, lines, post, request } from "./case.ts";

const filled = (length: number): string => "a".repeat(length);
const many = (count: number, bytes = 1): string[] =>
  Array.from({ length: count }, (_, at) => `X-${at}: ${filled(bytes)}`);
/** nginx waits a while for a body that it does not want. */
const tooLarge = (name: string, send: string): HostileCase => ({ name, send, leaves: true, answers: [413] });
const refused = (name: string, send: string, status: number): HostileCase => ({
  name,
  send,
  answers: [status],
});
const passed = (name: string, target: string, ...headers: string[]): HostileCase => ({
  name,
  send: get(target, ...headers),
  answers: [200],
  seen: [{ request: `GET ${target}` }],
});

const MEBIBYTE = 1024 ** 2;

export const OVERSIZE: readonly HostileCase[] = [
  passed("a target of 4,000 letters", `/{id}/${filled(4000 - 6)}`),
  passed("a target of 8,000 letters: gunicorn takes what nginx takes", `/{id}/${filled(8000 - 6)}`),
  refused("a target of 9,000 letters", get(`/{id}/${filled(9000)}`), 414),
  refused("a target of 100,000 letters", get(`/{id}/${filled(100_000)}`), 414),
  refused("a query of 9,000 letters", get(`/{id}?${filled(9000)}`), 414),
  refused("a request line without an end", `GET /${filled(70_000)}`, 414),
  passed("a header of 7,000 letters", "/{id}", `X-A: ${filled(7000)}`),
  refused("a header of 9,000 letters", get("/{id}", `X-A: ${filled(9000)}`), 431),
  {
    name: "a page for it in no form that a client names",
    send: get("/{id}", "Accept: /../../../app/settings.py", `X-A: ${filled(9000)}`),
    answers: [431],
    headers: { "content-type": "text/html", "x-content-type-options": "nosniff" },
    body: /^<!doctype html>/,
  },
  refused("a header without an end", `GET /{id} HTTP/1.1\r\nHost: a\r\nX-A: ${filled(70_000)}`, 431),
  refused("a header's name of 9,000 letters", get("/{id}", `${filled(9000)}: a`), 431),
  refused("a cookie of 9,000 letters", get("/{id}", `Cookie: a=${filled(9000)}`), 431),
  passed(
    "four cookies of 6,000 letters",
    "/{id}",
    ...Array.from({ length: 4 }, () => `Cookie: a=${filled(1500)}`),
  ),
  refused("headers of 100,000 letters together", get("/{id}", ...many(100, 1000)), 431),
  passed("100 headers, and those that nginx adds", "/{id}", ...many(98)),
  refused("150 headers: nginx cannot count, gunicorn does", get("/{id}", ...many(148)), 431),
  refused("20,000 headers", get("/{id}", ...many(20_000)), 431),
  tooLarge("a body of 21 MiB by its length", post("/{id}/a", [`Content-Length: ${21 * MEBIBYTE}`], "")),
  {
    name: "a body of 21 MiB in chunks",
    send: [post("/{id}/a", ["Transfer-Encoding: chunked"], `${(21 * MEBIBYTE).toString(16)}\r\na`)],
    answers: [413],
  },
  tooLarge(
    "a body of 21 MiB that waits for 100",
    post("/{id}/a", ["Expect: 100-continue", `Content-Length: ${21 * MEBIBYTE}`], ""),
  ),
  tooLarge(
    "a body of 21 MiB for a static file",
    request("POST /static/page.txt?{id}", `Content-Length: ${21 * MEBIBYTE}`),
  ),
  {
    name: "a body of 1 MiB, whole",
    send: post("/{id}/a", [`Content-Length: ${MEBIBYTE}`], filled(MEBIBYTE)),
    answers: [200],
    seen: [{ request: "POST /{id}/a", headers: { "content-length": String(MEBIBYTE) } }],
  },
  {
    name: "a body of 2 MiB, whole: nginx by itself takes 1",
    send: post("/{id}/a", [`Content-Length: ${2 * MEBIBYTE}`], filled(2 * MEBIBYTE)),
    answers: [200],
    seen: [{ request: "POST /{id}/a", headers: { "content-length": String(2 * MEBIBYTE) } }],
  },
  {
    name: "a chunk of one byte, 2,000 times",
    send: post("/{id}/a", ["Transfer-Encoding: chunked"], `${"1\r\na\r\n".repeat(2000)}0\r\n\r\n`),
    answers: [200],
    seen: [{ request: "POST /{id}/a", headers: { "content-length": "2000" } }],
  },
  {
    name: "an extension of a chunk of 100,000 letters, and no end: nginx keeps nothing of it",
    send: post("/{id}/a", ["Transfer-Encoding: chunked"], `5;${filled(100_000)}`),
    ends: true,
    answers: [],
    records: [400],
  },
  {
    name: "a pipeline of 100 requests: each is answered",
    send: Array.from({ length: 100 }, (_, at) =>
      at === 99
        ? get("/static/page.txt?{id}")
        : lines("GET /static/page.txt?{id} HTTP/1.1", "Host: a", "", ""),
    ).join(""),
    answers: Array.from({ length: 100 }, () => 200),
  },
];
