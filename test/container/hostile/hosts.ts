// Whose site is asked for. Django refuses what ALLOWED_HOSTS does not name; what it looks at must be what the client said, once.
import { type HostileCase, lines, utf8 } from "./case.ts";

const asked = (...headers: string[]): string =>
  lines("GET /{id} HTTP/1.1", ...headers, "Connection: close", "", "");
const refused = (name: string, ...headers: string[]): HostileCase => ({
  name,
  send: asked(...headers),
  answers: [400],
});
const passed = (name: string, host: string): HostileCase => ({
  name,
  send: asked(`Host: ${host}`),
  answers: [200],
  seen: [{ request: "GET /{id}", headers: { host } }],
  logged: { "http.request.header.host": Buffer.from(host, "latin1").toString("utf8") },
});
const absolute = (
  name: string,
  target: string,
  host: string,
  answers: number[],
  seen: string[] = [],
): HostileCase => ({
  name,
  send: lines(`GET ${target} HTTP/1.1`, `Host: ${host}`, "Connection: close", "", ""),
  answers,
  seen,
});

export const HOSTS: readonly HostileCase[] = [
  refused("no Host"),
  refused("two Hosts", "Host: cakes.example", "Host: evil.example"),
  refused("two Hosts that are the same", "Host: cakes.example", "Host: cakes.example"),
  refused("an empty Host", "Host:"),
  refused("a Host with a space before its colon", "Host : evil.example", "Host: cakes.example"),
  refused("a folded Host", "Host: cakes.example", " evil.example"),
  refused("a Host with a slash", "Host: cakes.example/evil"),
  refused("a Host with a null byte", "Host: cakes.example\0.evil.example"),
  refused("a Host with a space in it", "Host: cakes.example evil.example"),
  refused("a Host with a tab in it", "Host: cakes.example\tevil"),
  refused("a Host of dots", "Host: cakes..example"),
  passed("a Host that begins with a dot: Django's to refuse", ".cakes.example"),
  passed("a Host with an open bracket: Django's to refuse", "[::1"),
  passed("a Host with a port", "cakes.example:8443"),
  passed("a Host in capitals", "CAKES.example"),
  passed("a Host with a dot at its end", "cakes.example."),
  passed("a Host of IPv6", "[::1]:8000"),
  passed("a Host with a port that is none: Django's to refuse", "cakes.example:port"),
  passed("a Host with a user: Django's to refuse", "cakes.example@evil.example"),
  passed("a Host with quotes and braces: one text in the record", '"},{"a":"'),
  passed("a Host of other letters: Django's to refuse", utf8("k\u00fcche.example")),
  passed("a very long Host: Django's to refuse", `${"a".repeat(2000)}.example`),
  {
    name: "HTTP/1.0 without a Host",
    send: lines("GET /{id} HTTP/1.0", "", ""),
    answers: [200],
    seen: [{ request: "GET /{id}" }],
  },
  {
    name: "Host and X-Forwarded-Host of a stranger",
    send: asked("Host: cakes.example", "X-Forwarded-Host: evil.example"),
    answers: [200],
    seen: [{ request: "GET /{id}", headers: { host: "cakes.example", "x-forwarded-host": null } }],
  },
  absolute(
    "an absolute URI: the path alone arrives",
    "http://cakes.example/{id}",
    "cakes.example",
    [200],
    ["GET /{id}"],
  ),
  absolute(
    "an absolute URI without a path",
    "http://cakes.example?{id}",
    "cakes.example",
    [200],
    ["GET /?{id}"],
  ),
  absolute("an absolute URI with a user", "http://cakes.example@evil.example/{id}", "cakes.example", [400]),
  absolute(
    "an absolute URI with a port",
    "http://cakes.example:1/{id}",
    "cakes.example",
    [200],
    ["GET /{id}"],
  ),
  absolute(
    "an absolute URI of another scheme",
    "gopher://cakes.example/{id}",
    "cakes.example",
    [200],
    ["GET /{id}"],
  ),
  absolute("an absolute URI without a host", "http:///{id}", "cakes.example", [400]),
  absolute("a target without a slash", "{id}", "cakes.example", [400]),
  absolute("a target with @ as of another host", "@evil.example/{id}", "cakes.example", [400]),
  absolute(
    "a target with two slashes is a path",
    "//evil.example/{id}",
    "cakes.example",
    [200],
    ["GET //evil.example/{id}"],
  ),
  absolute("an asterisk", "*", "cakes.example", [400]),
];
