// Requests in lines of text: access logs of gunicorn and uvicorn, Django's runserver, nginx's errors.

import type { Fields } from "../record.ts";

interface HttpFields {
  http: {
    request: { method: string; header?: Record<string, string> };
    response?: { status_code: number; body?: { size: number } };
  };
  url: { path: string; query: string };
  client?: { address: string };
  user?: { name: string };
  user_agent?: { original: string };
}

// 127.0.0.1 - ada [24/Nov/2026:03:26:54 +0000] "GET /health/ HTTP/1.1" 200 2 "-" "curl/8"
const COMBINED =
  /^(\S*) \S* (\S*) \[[^\]]*\] "(\S+) (\S+) HTTP\/[\d.]+" (\d{3}) (\d+|-) "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)"(?: request_id="([^"\s]*)")?$/s;
// 127.0.0.1:51234 - "GET / HTTP/1.1" 200, with or without « OK»
const UVICORN = /^(\S*) - "(\S+) (\S+) HTTP\/[\d.]+" (\d{3})(?: [A-Za-z -]+)?$/;
// "GET / HTTP/1.1" 200 2, after the name of Django's logger or a time in brackets
const DJANGO_SERVER = /^(?:django\.server:? ?|\[[^\]]+\] )?"(\S+) (\S+) HTTP\/[\d.]+" (\d{3}) (\d+|-)$/;
// *1 connect() … failed …, client: 192.0.2.1, server: , request: "GET / HTTP/1.1", upstream: "…", host: "cakes.example"
const NGINX_ERROR =
  /, client: ([^,\s]+), server: [^,]*, request: "(\S+) (\S+)(?: HTTP\/[\d.]+)?"(?:, [a-z]+: "[^"]*")*?(?:, host: "([^"]*)")?(?:, referrer: "([^"]*)")?$/;

/** A request with this status or a higher one is an error, even if the service logs it as `info`. */
const FIRST_SERVER_ERROR = 500;

/** Adds the fields of a request, if the message is about one. */
export function addHttpFields(fields: Fields): Fields {
  const found = parseHttpMessage(fields.msg);
  if (found === undefined) return fields;
  const status = found.http.response?.status_code ?? 0;
  if (fields.level === "info" && status >= FIRST_SERVER_ERROR) fields.level = "error";
  return Object.assign(fields, found);
}

function parseHttpMessage(msg: string): (HttpFields & { request_id?: string }) | undefined {
  const at = msg.indexOf('"');
  if (at === -1 || msg.indexOf(" HTTP/", at) === -1) return undefined;
  return readCombined(msg) ?? readUvicorn(msg) ?? readDjangoServer(msg) ?? readNginxError(msg);
}

function readCombined(msg: string): (HttpFields & { request_id?: string }) | undefined {
  const match = COMBINED.exec(msg);
  if (match === null) return undefined;
  const [, client = "", user = "", method = "", url = "", status, size, referer = "", agent = "", id] = match;
  return {
    ...(id === undefined || id === "-" ? {} : { request_id: id }),
    http: {
      request: { method, ...given("header", given("referer", textOf(referer))) },
      response: { status_code: Number(status), ...sizeOf(size) },
    },
    url: urlOf(url),
    ...given("client", given("address", textOf(client))),
    ...given("user", given("name", textOf(user))),
    ...given("user_agent", given("original", textOf(agent))),
  } as HttpFields & { request_id?: string };
}

function readUvicorn(msg: string): HttpFields | undefined {
  const match = UVICORN.exec(msg);
  if (match === null) return undefined;
  const [, client = "", method = "", url = "", status] = match;
  return {
    http: { request: { method }, response: { status_code: Number(status) } },
    url: urlOf(url),
    ...given("client", given("address", textOf(client.replace(/:\d+$/, "")))),
  } as HttpFields;
}

function readDjangoServer(msg: string): HttpFields | undefined {
  const match = DJANGO_SERVER.exec(msg);
  if (match === null) return undefined;
  const [, method = "", url = "", status, size] = match;
  return {
    http: { request: { method }, response: { status_code: Number(status), ...sizeOf(size) } },
    url: urlOf(url),
  };
}

function readNginxError(msg: string): HttpFields | undefined {
  const match = NGINX_ERROR.exec(msg);
  if (match === null) return undefined;
  const [, address = "", method = "", url = "", host, referer] = match;
  const header = { ...given("host", host), ...given("referer", referer) } as Record<string, string>;
  return {
    http: { request: { method, ...(Object.keys(header).length > 0 ? { header } : {}) } },
    url: urlOf(url),
    client: { address },
  };
}

function urlOf(url: string): HttpFields["url"] {
  const at = url.indexOf("?");
  return at === -1 ? { path: url, query: "" } : { path: url.slice(0, at), query: url.slice(at + 1) };
}

function sizeOf(text: string | undefined): { body?: { size: number } } {
  return text === undefined || text === "-" ? {} : { body: { size: Number(text) } };
}

/** Access logs write `-` for an absent value, and escape quotes. */
function textOf(text: string): string | undefined {
  return text === "-" || text === "" ? undefined : text.replaceAll(/\\(["\\])/g, "$1");
}

function given(name: string, value: unknown): Record<string, unknown> {
  const isEmpty =
    value === undefined || (typeof value === "object" && Object.keys(value as object).length === 0);
  return isEmpty ? {} : { [name]: value };
}
