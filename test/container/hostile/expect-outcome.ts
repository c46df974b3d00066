// Compares what came of a case with what its table says.
import { expect } from "vitest";
import { statusOf } from "../../support/records.ts";
import { type HostileCase, PEER, type Seen, type SeenExpected } from "./case.ts";
import { SECRET } from "./secret.ts";
import type { Outcome } from "./subject.ts";

export function expectOutcome(hostile: HostileCase, outcome: Outcome): void {
  const { answers, raw, seen, records, id } = outcome;
  expect(
    answers.map(({ status }) => status),
    describeAll(outcome),
  ).toEqual(hostile.answers);
  expect(outcome.closed, "the server closes the connection").toBe(true);
  for (const { body } of answers) expect(body).not.toMatch(new RegExp(`${SECRET}|root:x:0`));
  if (hostile.raw === undefined) expect(raw).toBe("");
  else expect(raw).toMatch(hostile.raw);
  const last = answers.at(-1);
  expectHeaders(last?.headers ?? {}, hostile.headers);
  if (hostile.body !== undefined) expect(last?.body).toMatch(hostile.body);
  const expected = (hostile.seen ?? []).map((it) => (typeof it === "string" ? { request: it } : it));
  expect(seen.map(({ request }) => request)).toEqual(expected.map(({ request }) => named(request, id)));
  for (const [at, of] of expected.entries()) expectSeen(seen[at] as Seen, of, id);
  // What nginx cannot read is not in its record: such ones are counted with the group.
  const statuses = hostile.records ?? hostile.answers;
  if (records.length > 0) expect(records.map(statusOf)).toEqual(statuses);
  const record = records.at(-1);
  for (const [field, value] of Object.entries(hostile.logged ?? {})) {
    const logged = field
      .split(".")
      .reduce<unknown>((at, name) => (at as Record<string, unknown>)?.[name], record);
    if (value instanceof RegExp) expect(logged, field).toMatch(value);
    else expect(logged, field).toEqual(value);
  }
}

const named = (text: string, id: string): string => text.replaceAll("{id}", id);

function expectSeen(
  seen: Seen,
  { headers, request: _, path, body, ...others }: SeenExpected,
  id: string,
): void {
  expect(seen).toMatchObject(path === undefined ? others : { ...others, path: named(path, id) });
  expect(seen.address).toMatch(PEER);
  // With 1.0 an answer that is broken off looks whole.
  expect(seen.protocol).toBe("HTTP/1.1");
  if (body !== undefined) expect(seen.body).toBe(named(body, id));
  expectHeaders(seen.headers, headers);
  // Whatever came: the application is told once where the body ends.
  expect(seen.headers).not.toHaveProperty("transfer-encoding");
  expect(Number(seen.headers["content-length"] ?? 0)).toBe(seen.body.length);
}

function expectHeaders(
  headers: Record<string, string>,
  expected: Record<string, string | RegExp | null> = {},
): void {
  for (const [name, value] of Object.entries(expected)) {
    if (value === null) expect(headers, name).not.toHaveProperty([name]);
    else if (typeof value === "string") expect(headers[name], name).toBe(value);
    else expect(headers[name], name).toMatch(value);
  }
}

function describeAll({ answers, raw, seen, records }: Outcome): string {
  return JSON.stringify({ answers, raw, seen, records }).slice(0, 3000);
}
