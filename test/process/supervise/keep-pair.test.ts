// nginx's certificate, renewed while the container runs.
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { keepPair, type PairKeeper } from "../../../src/supervise/tls/keep-pair.ts";
import { type MadePair, makePair } from "../../support/certificates.ts";

let directory: string;
let [first, second]: MadePair[] = [];
let said: string[] = [];
let keeper: PairKeeper;

const at = (name: string): string => join(directory, name);
const taken = (): string => readFileSync(at("tls.pem"), "utf8");
const textOf = (pair = first): string => `${pair?.certificate}${pair?.key}`;

function give(certificate: string | undefined, key: string | undefined): void {
  writeFileSync(at("tls.crt"), certificate ?? "");
  writeFileSync(at("tls.key"), key ?? "");
}

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "keep-pair-"));
  first = makePair("one.example");
  second = makePair("two.example");
});
afterAll(() => rmSync(directory, { recursive: true }));

beforeEach(() => {
  said = [];
  give(first?.certificate, first?.key);
  writeFileSync(at("tls.pem"), textOf());
  const say = (level: string) => (_: object, text: string) => said.push(`${level}: ${text}`);
  const log = { debug: say("debug"), info: say("info"), warn: say("warn"), error: say("error") };
  const plan = { certificate: at("tls.crt"), key: at("tls.key"), file: at("tls.pem"), expiresMs: 1 };
  keeper = keepPair(plan, { log, wasRoot: false });
});

test("what is as it was is left alone", () => {
  expect(keeper.take()).toBe(false);
  expect(keeper.take({ nowMs: Date.now() * 2 })).toBe(false);
  expect(said).toEqual([]);
  expect(keeper.expiresMs).toBe(1);
});

test("a new pair replaces it, for nobody else to read", () => {
  give(second?.certificate, second?.key);
  expect(keeper.take()).toBe(true);
  expect(taken()).toBe(textOf(second));
  expect(statSync(at("tls.pem")).mode & 0o777).toBe(0o600);
  expect(keeper.expiresMs).toBeGreaterThan(Date.now());
  expect(said).toEqual([expect.stringMatching(/^info: there is a new certificate/)]);
  expect(keeper.take()).toBe(false);
});

test("half of a new pair is waited for without a word", () => {
  give(second?.certificate, first?.key);
  expect(keeper.take()).toBe(false);
  give(second?.certificate, second?.key);
  expect(keeper.take()).toBe(true);
  expect(said).toHaveLength(1);
});

test("a bad pair is told of once, and the old one stays", () => {
  give(second?.certificate, first?.key);
  for (let look = 0; look < 4; look++) expect(keeper.take()).toBe(false);
  expect(said).toEqual([
    expect.stringMatching(/^warn: nginx keeps the certificate that it has: DJINIT_TLS_KEY is .* not the key/),
  ]);
  expect(taken()).toBe(textOf());
  give(first?.certificate, first?.key);
  expect(keeper.take()).toBe(false);
  give(second?.certificate, first?.key);
  expect([keeper.take(), keeper.take()]).toEqual([false, false]);
  expect(said).toHaveLength(2);
});

test("whoever asks for a reload is told at once", () => {
  rmSync(at("tls.crt"));
  expect(keeper.take({ isAsked: true })).toBe(false);
  expect(said).toEqual([expect.stringContaining("which cannot be read: ENOENT")]);
});
