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
/** RFC 9112: the host of a whole URL wins over the header. */
const absolute = (name: string, target: string, host: string, seen: string): HostileCase => ({
  name,
  send: lines(`GET ${target} HTTP/1.1`, "Host: cakes.example", "Connection: close", "", ""),
  answers: [200],
  seen: [{ request: seen, headers: { host } }],
  logged: { "http.request.header.host": "cakes.example" },
});
const noTarget = (name: string, target: string): HostileCase => ({
  name,
  send: lines(`GET ${target} HTTP/1.1`, "Host: cakes.example", "Connection: close", "", ""),
  answers: [400],
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
  absolute("an absolute URI", "http://cakes.example/{id}", "cakes.example", "GET /{id}"),
  absolute("an absolute URI of another host", "http://tea.example/{id}", "tea.example", "GET /{id}"),
  absolute("an absolute URI in capitals", "HTTP://TEA.example/{id}", "TEA.example", "GET /{id}"),
  absolute("an absolute URI without a path", "http://tea.example?{id}", "tea.example", "GET /?{id}"),
  absolute("an absolute URI with a port", "http://tea.example:1/{id}", "tea.example:1", "GET /{id}"),
  absolute("an absolute URI of https", "https://tea.example/{id}", "tea.example", "GET /{id}"),
  absolute("an absolute URI of another scheme", "gopher://tea.example/{id}", "tea.example", "GET /{id}"),
  absolute("a scheme with more than letters", "svn+ssh2://tea.example/{id}", "tea.example", "GET /{id}"),
  absolute("an absolute URI after two spaces", " http://tea.example/{id}", "tea.example", "GET /{id}"),
  absolute(
    "a whole URL in the path is a path",
    "/http://tea.example/{id}",
    "cakes.example",
    "GET /http://tea.example/{id}",
  ),
  absolute(
    "a whole URL in the query is a query",
    "/{id}?http://tea.example/",
    "cakes.example",
    "GET /{id}?http://tea.example/",
  ),
  absolute(
    "a target with two slashes is a path",
    "//tea.example/{id}",
    "cakes.example",
    "GET //tea.example/{id}",
  ),
  noTarget("an absolute URI with a user", "http://cakes.example@evil.example/{id}"),
  noTarget("an absolute URI without a host", "http:///{id}"),
  noTarget("an absolute URI with a fragment for a path", "http://tea.example#@evil.example/{id}"),
  noTarget("an absolute URI with a backslash", "http://cakes.example\\@evil.example/{id}"),
  noTarget("a target without a slash", "{id}"),
  noTarget("a target with @ as of another host", "@evil.example/{id}"),
  noTarget("an asterisk", "*"),
  {
    name: "an absolute URI and two Hosts",
    send: lines("GET http://cakes.example/{id} HTTP/1.1", "Host: a", "Host: b", "", ""),
    answers: [400],
  },
];
