// Bytes that are no text: in the target, in names and values of headers.
import { get, type HostileCase, lines, request } from "./case.ts";

const refused = (name: string, send: string): HostileCase => ({ name, send, answers: [400] });
const seen = (name: string, target: string, path?: string): HostileCase => ({
  name,
  send: get(target),
  answers: [200],
  seen: [{ request: `GET ${target}`, ...(path === undefined ? {} : { path }) }],
});
const dropped = (name: string, header: string): HostileCase => ({
  name,
  send: get("/{id}", header),
  answers: [200],
  seen: [{ request: "GET /{id}", headers: { [header.slice(0, header.indexOf(":")).toLowerCase()]: null } }],
});

export const CONTROL_CHARACTERS: readonly HostileCase[] = [
  refused("a null byte in the target", get("/{id}/\0")),
  refused("a null byte in the target, encoded", get("/{id}/%00")),
  refused("a null byte in the query", get("/{id}?\0")),
  refused("a bell in the target", get("/{id}/\x07")),
  refused("an escape in the target", get("/{id}/\x1b[31m")),
  refused("a tab in the target", get("/{id}/\ta")),
  refused("DEL in the target", get("/{id}/\x7f")),
  refused("a space in the target", get("/{id}/a b")),
  refused("a bare return in the target", get("/{id}/\ra")),
  refused("a null byte in a header's value", get("/{id}", "X-A: a\0b")),
  refused("a null byte in a header's name", get("/{id}", "X\0A: b")),
  refused("a bare return in a header's value", get("/{id}", "X-A: a\rb")),
  refused("a control character in a header's name", get("/{id}", "X\x01A: b")),
  refused("DEL in a header's name", get("/{id}", "X\x7fA: b")),
  refused("a space in a header's name", get("/{id}", "X A: b")),
  refused("a header without a name", get("/{id}", ": b")),
  refused("a folded header", get("/{id}", "X-A: a", "\tb")),
  refused("only a null byte", "\0"),
  refused("only null bytes, 1,000 of them", "\0".repeat(1000)),
  refused("every byte there is", String.fromCharCode(...Array.from({ length: 256 }, (_, at) => at))),
  refused("bytes of UTF-16", Buffer.from(get("/{id}"), "utf16le").toString("latin1")),
  refused("a mark of UTF-8 before the request", `\xef\xbb\xbf${get("/{id}")}`),
  seen("a newline in the target, encoded", "/{id}/%0a", undefined),
  seen("a return in the query, encoded", "/{id}?%0d%0aX:1"),
  seen("invalid UTF-8 in the target, encoded", "/{id}/%ff%fe"),
  refused("bytes above 127 in the target: gunicorn refuses them", get("/{id}/\xc3\xa4")),
  seen("an encoded slash", "/{id}/a%2fb"),
  seen("an encoded percent sign", "/{id}/%2541"),
  seen("a fragment: nginx does not pass it on", "/{id}#a"),
  dropped("a name with brackets", "X(A): b"),
  dropped("a name with a slash", "X/A: b"),
  dropped("a name with a quote", 'X"A: b'),
  dropped("a name with letters above 127", "X\xc3\xa4: b"),
  refused(
    "control characters in a header's value: gunicorn refuses them",
    get("/{id}", "X-A: \x01\x02\x1b[31m"),
  ),
  {
    name: "a header that is empty",
    send: get("/{id}", "X-A:"),
    answers: [200],
    seen: [{ request: "GET /{id}" }],
  },
  {
    name: "two spaces after the method: nginx writes one",
    send: request("GET  /{id}"),
    answers: [200],
    seen: ["GET /{id}"],
  },
  {
    name: "a header without a colon is an empty one",
    send: get("/{id}", "X-A"),
    answers: [200],
    seen: [{ request: "GET /{id}", headers: { "x-a": "" } }],
  },
  refused("a form feed after the method", request("GET\x0c/{id}")),
  refused("a return and no newline at the end", lines("GET /{id} HTTP/1.1", "Host: a", "\rX: y", "", "")),
];
