// Two readers of one stream must not disagree about where a request ends. nginx reads it, and writes its own to the application: what
// arrives there has one Content-Length and no Transfer-Encoding.
import { get, type HostileCase, lines, post, request } from "./case.ts";

const INNER = lines("GET /{id}/inner HTTP/1.1", "Host: cakes.example", "", "");
const chunked = (...chunks: string[]): string => lines(...chunks, "0", "", "");
const TE = "Transfer-Encoding: chunked";

/** Refused, and the application saw nothing of it. */
const refused = (name: string, send: string, status = 400): HostileCase => ({
  name,
  send,
  answers: [status],
});
const lengths = (name: string, ...headers: string[]): HostileCase =>
  refused(name, post("/{id}/a", headers, `hello${INNER}`));
const encodings = (name: string, status: number, ...headers: string[]): HostileCase =>
  refused(name, post("/{id}/a", headers, `${chunked("5", "hello")}${INNER}`), status);
/** Read as chunks; the application gets one body with its length. */
const whole = (name: string, body: string, seen: string): HostileCase => ({
  name,
  send: post("/{id}/a", [TE], body),
  answers: [200],
  seen: [
    {
      request: "POST /{id}/a",
      body: seen,
      headers: { "content-length": String(seen.length), "transfer-encoding": null },
    },
  ],
});
const brokenChunk = (name: string, body: string, status = 400): HostileCase =>
  refused(name, post("/{id}/a", [TE], body), status);

export const SMUGGLING: readonly HostileCase[] = [
  lengths("CL.TE: both headers", `Content-Length: ${5 + INNER.length}`, TE),
  lengths("TE.CL: both headers, the other way round", TE, "Content-Length: 5"),
  lengths("both headers, the length is 0", "Content-Length: 0", TE),
  lengths("two lengths that differ", "Content-Length: 5", "Content-Length: 6"),
  lengths("two lengths that are the same", "Content-Length: 5", "Content-Length: 5"),
  lengths("two lengths in one header", "Content-Length: 5, 5"),
  lengths("a length with a plus", "Content-Length: +5"),
  lengths("a length below zero", "Content-Length: -5"),
  lengths("a hexadecimal length", "Content-Length: 0x5"),
  lengths("a length with a fraction", "Content-Length: 5.0"),
  lengths("a length with an underline, as Python reads numbers", "Content-Length: 1_0"),
  lengths("a length with a space in it", "Content-Length: 5 0"),
  lengths("a length in digits of another script", "Content-Length: \u00d9\u00a5"),
  lengths("an empty length", "Content-Length:"),
  lengths("a length of letters", "Content-Length: five"),
  refused("a length beyond 64 bits", post("/{id}/a", ["Content-Length: 18446744073709551621"], "hello")),
  {
    name: "a length beyond what a body may have",
    send: post("/{id}/a", ["Content-Length: 9223372036854775807"], "hello"),
    leaves: true,
    answers: [413],
  },
  lengths("a space before the colon of the length", "Content-Length : 5"),
  lengths("a tab before the colon of the length", "Content-Length\t: 5"),
  {
    name: "zeros before a length",
    send: post("/{id}/a", ["Content-Length: 0005"], "hello"),
    answers: [200],
    seen: [{ request: "POST /{id}/a", body: "hello", headers: { "content-length": "5" } }],
  },
  encodings("TE.TE: two encodings, the last is identity", 400, TE, "Transfer-Encoding: identity"),
  encodings("chunked twice, in two headers", 400, TE, TE),
  encodings("chunked twice, in one header", 501, "Transfer-Encoding: chunked, chunked"),
  encodings("gzip and chunked", 501, "Transfer-Encoding: gzip, chunked"),
  encodings("identity", 501, "Transfer-Encoding: identity"),
  encodings("an unknown encoding", 501, "Transfer-Encoding: xchunked"),
  encodings("quotes around chunked", 501, 'Transfer-Encoding: "chunked"'),
  encodings("a vertical tab before chunked", 501, "Transfer-Encoding: \x0bchunked"),
  encodings("a form feed after chunked", 501, "Transfer-Encoding: chunked\x0c"),
  encodings("a null byte after chunked", 400, "Transfer-Encoding: chunked\0"),
  encodings("a no-break space before chunked", 501, "Transfer-Encoding: \xa0chunked"),
  encodings("chunked on the next line: a folded header", 400, "Transfer-Encoding:", " chunked"),
  encodings("a space before the colon of the encoding", 400, "Transfer-Encoding : chunked"),
  encodings("a space before the encoding's name", 400, " Transfer-Encoding: chunked"),
  encodings("an encoding behind a bare return", 400, "X-A: b\rTransfer-Encoding: chunked"),
  encodings("a semicolon after chunked", 501, "Transfer-Encoding: chunked;q=1"),
  encodings("an empty encoding", 501, "Transfer-Encoding:"),
  {
    name: "chunked in other letters is chunked",
    send: post("/{id}/a", ["tRANSFER-eNCODING: ChUnKeD"], chunked("5", "hello")),
    answers: [200],
    seen: [{ request: "POST /{id}/a", body: "hello", headers: { "transfer-encoding": null } }],
  },
  {
    name: "an encoding with an underline is none, and does not arrive",
    send: post("/{id}/a", ["Transfer_Encoding: chunked", "Content-Length: 5"], "hello"),
    answers: [200],
    seen: [{ request: "POST /{id}/a", body: "hello", headers: { "transfer-encoding": null } }],
  },
  {
    name: "a length with an underline is none, and does not arrive",
    send: post("/{id}/a", ["Content_Length: 500", "Content-Length: 5"], "hello"),
    answers: [200],
    seen: [{ request: "POST /{id}/a", body: "hello", headers: { "content-length": "5" } }],
  },
  refused("chunked in HTTP/1.0", lines("POST /{id}/a HTTP/1.0", TE, "", chunked("5", "hello"))),
  whole("chunks become one body", chunked("5", "hello", "6", " world"), "hello world"),
  whole("extensions of chunks do not arrive", chunked('5;a=b;c="d"', "hello"), "hello"),
  whole("a size with zeros before it", chunked("0000000000000005", "hello"), "hello"),
  whole("sizes in capitals", chunked("A", "helloworld"), "helloworld"),
  whole("trailers do not arrive", lines("5", "hello", "0", "X-Forwarded-For: 192.0.2.7", "", ""), "hello"),
  whole("a request within a chunk is its body", chunked(INNER.length.toString(16), INNER), INNER),
  whole("lines that end with a bare newline", "5\nhello\n0\n\n", "hello"),
  brokenChunk("a size that is none", chunked("xyz", "hello")),
  brokenChunk("a size with 0x", chunked("0x5", "hello")),
  brokenChunk("a size with a plus", chunked("+5", "hello")),
  brokenChunk("a size below zero", chunked("-5", "hello")),
  brokenChunk("a size beyond 64 bits", chunked("10000000000000005", "hello")),
  brokenChunk("a size beyond what a body may have", chunked("7fffffffffffffff", "hello")),
  brokenChunk("a size too small for its chunk", chunked("3", "hello")),
  brokenChunk("a size that is empty", chunked("", "hello")),
  brokenChunk("a bare return after the size", "5\rhello\r\n0\r\n\r\n"),
  {
    name: "a body that ends too soon",
    send: post("/{id}/a", ["Content-Length: 500"], INNER),
    ends: true,
    answers: [],
    records: [400],
  },
  {
    name: "chunks that end too soon",
    send: post("/{id}/a", [TE], "5\r\nhello\r\n"),
    ends: true,
    answers: [],
    records: [400],
  },
  {
    name: "a body of GET is its body, and no request",
    send: get("/{id}/a", `Content-Length: ${INNER.length}`) + INNER,
    answers: [200],
    seen: [{ request: "GET /{id}/a", body: INNER }],
  },
  {
    name: "what follows the length is a request of its own, as each reader takes it",
    send: lines("POST /{id}/a HTTP/1.1", "Host: a", "Content-Length: 5", "", `hello${get("/{id}/b")}`),
    answers: [200, 200],
    seen: [{ request: "POST /{id}/a", body: "hello" }, "GET /{id}/b"],
  },
  {
    name: "a pipeline is answered in its order",
    send: lines(
      "GET /{id}/a HTTP/1.1",
      "Host: a",
      "",
      lines("GET /{id}/b HTTP/1.1", "Host: a", "", get("/{id}/c")),
    ),
    answers: [200, 200, 200],
    seen: ["GET /{id}/a", "GET /{id}/b", "GET /{id}/c"],
  },
  {
    name: "nothing is read of a pipeline after what was refused",
    send: lines("POST /{id}/a HTTP/1.1", "Host: a", "Content-Length: x", "", get("/{id}/b")),
    answers: [400],
  },
  {
    name: "nothing is read of a pipeline after the last request",
    send: get("/{id}/a") + get("/{id}/b"),
    answers: [200],
    seen: ["GET /{id}/a"],
  },
  {
    name: "a file's answer does not hide the body that came with its request",
    send: lines(
      "GET /static/page.txt?{id} HTTP/1.1",
      "Host: a",
      `Content-Length: ${INNER.length}`,
      "",
      INNER + get("/{id}/b"),
    ),
    answers: [200, 200],
    seen: ["GET /{id}/b"],
  },
  {
    name: "a file's 404 does not hide the body that came with its request",
    send: lines(
      "GET /static/none?{id} HTTP/1.1",
      "Host: a",
      `Content-Length: ${INNER.length}`,
      "",
      INNER + get("/{id}/b"),
    ),
    answers: [404, 200],
    seen: ["GET /{id}/b"],
  },
  {
    name: "Expect: 100-continue is nginx's to answer",
    records: [200],
    send: post("/{id}/a", ["Expect: 100-continue", "Content-Length: 5"], "hello"),
    answers: [100, 200],
    seen: [{ request: "POST /{id}/a", body: "hello", headers: { expect: null } }],
  },
  {
    name: "Expect without its body: told to go on, then it ends",
    send: post("/{id}/a", ["Expect: 100-continue", "Content-Length: 5"], ""),
    ends: true,
    answers: [100],
    records: [400],
  },
  {
    name: "an Expect that nobody knows",
    send: post("/{id}/a", ["Expect: a-miracle", "Content-Length: 5"], "hello"),
    answers: [200],
    seen: [{ request: "POST /{id}/a", body: "hello", headers: { expect: null } }],
  },
  {
    name: "Connection names the length: it arrives all the same",
    send: `${request("POST /{id}/a", "Content-Length: 5", "Connection: Content-Length")}hello`,
    answers: [200],
    seen: [{ request: "POST /{id}/a", body: "hello", headers: { "content-length": "5" } }],
  },
  {
    name: "TE and Trailer are not for the application to act on",
    send: get("/{id}/a", "TE: trailers", "Trailer: X-A"),
    answers: [200],
    seen: [{ request: "GET /{id}/a", headers: { te: null } }],
  },
];
