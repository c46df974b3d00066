// Methods, versions, and what pretends to be another protocol.
import { get, type HostileCase, lines, request } from "./case.ts";

const refused = (name: string, send: string, status = 400): HostileCase => ({
  name,
  send,
  answers: [status],
});
const passed = (name: string, line: string): HostileCase => ({
  name,
  send: request(line),
  answers: [200],
  seen: [line],
});
const version = (name: string, protocol: string, status: number): HostileCase =>
  refused(name, lines(`GET /{id} ${protocol}`, "Host: cakes.example", "Connection: close", "", ""), status);

export const METHODS: readonly HostileCase[] = [
  refused("TRACE", request("TRACE /{id}"), 405),
  refused(
    "CONNECT with a host",
    lines("CONNECT evil.example:443 HTTP/1.1", "Host: evil.example:443", "", ""),
    400,
  ),
  refused("CONNECT with a path", request("CONNECT /{id}"), 405),
  refused("a method in small letters", request("get /{id}")),
  refused("a method with a dash and small letters", request("Get-it /{id}")),
  refused("no method", request(" /{id}")),
  refused("a method with a null byte", request("G\0T /{id}")),
  refused("a method with a quote", request('G"T /{id}')),
  refused("a method with a return", request("GET\r /{id}")),
  refused("a method of 9,000 letters", request(`${"A".repeat(9000)} /{id}`), 414),
  passed("a method that nobody knows: Django's to refuse", "CAKE /{id}"),
  passed("a method of WebDAV: Django's to refuse", "PROPFIND /{id}"),
  passed("PATCH", "PATCH /{id}"),
  passed("OPTIONS", "OPTIONS /{id}"),
  refused("POST to a static file", request("POST /static/page.txt?{id}", "Content-Length: 0"), 405),
  refused("DELETE of an upload", request("DELETE /media/page.txt?{id}"), 405),
  refused("PUT into the uploads", `${request("PUT /media/new.txt?{id}", "Content-Length: 5")}hello`, 404),
  refused("MKCOL in the uploads", request("MKCOL /media/new/?{id}"), 404),
  {
    name: "X-HTTP-Method-Override is a header like any other",
    send: get("/static/page.txt?{id}", "X-HTTP-Method-Override: DELETE"),
    answers: [200],
    body: "page",
  },
  { name: "HEAD has no body", send: request("HEAD /static/page.txt?{id}"), head: true, answers: [200] },
  {
    name: "HTTP/0.9 is answered without a head, and the application sees HTTP/1.1",
    send: "GET /{id}\r\n",
    answers: [],
    raw: /seen$/,
    seen: ["GET /{id}"],
    records: [200],
  },
  version("HTTP/2.0", "HTTP/2.0", 505),
  version("HTTP/3.0", "HTTP/3.0", 505),
  version("HTTP/9.9", "HTTP/9.9", 505),
  { ...version("HTTP/1.10 is 1.1 to nginx, and arrives as that", "HTTP/1.10", 200), seen: ["GET /{id}"] },
  version("HTTP/01.1", "HTTP/01.1", 400),
  version("HTTP/1", "HTTP/1", 400),
  version("http/1.1", "http/1.1", 400),
  version("HTTPS/1.1", "HTTPS/1.1", 400),
  version("HTTP/1.1 and more", "HTTP/1.1 HTTP/1.1", 400),
  version("HTTP/-1.1", "HTTP/-1.1", 400),
  refused("the preface of HTTP/2 in clear text", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
  refused("a hello of TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
  refused("the PROXY protocol, version 1", `PROXY TCP4 192.0.2.7 192.0.2.8 1 2\r\n${get("/{id}")}`),
  refused(
    "the PROXY protocol, version 2",
    `\r\n\r\n\0\r\nQUIT\n!\x11\0\x0c${"\0".repeat(12)}${get("/{id}")}`,
  ),
  refused("a banner of SSH", "SSH-2.0-OpenSSH_9.9\r\n"),
  refused("a command of Redis", "*1\r\n$4\r\nPING\r\n"),
  refused("a request of SMTP", "EHLO evil.example\r\n"),
  {
    name: "h2c: the upgrade does not arrive, so nobody can tunnel past nginx",
    send: get(
      "/{id}",
      "Upgrade: h2c",
      "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA",
      "Connection: Upgrade, HTTP2-Settings",
    ),
    answers: [200],
    seen: [{ request: "GET /{id}", headers: { upgrade: null, connection: "close" } }],
  },
  {
    name: "an upgrade to several protocols",
    send: get("/{id}", "Upgrade: h2c, websocket"),
    answers: [200],
    seen: [{ request: "GET /{id}", headers: { upgrade: null } }],
  },
  {
    name: "an upgrade to TLS",
    send: get("/{id}", "Upgrade: TLS/1.0, HTTP/1.1"),
    answers: [200],
    seen: [{ request: "GET /{id}", headers: { upgrade: null } }],
  },
  {
    name: "lines before the request: nginx skips empty ones",
    send: `\r\n\r\n${get("/{id}")}`,
    answers: [200],
    seen: ["GET /{id}"],
  },
  {
    name: "lines that end with a bare newline",
    send: "GET /{id} HTTP/1.1\nHost: cakes.example\nConnection: close\n\n",
    answers: [200],
    seen: ["GET /{id}"],
  },
];
