// nginx's certificate, renewed while the container runs.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { DjinitError } from "../../../src/base/errors.ts";
import { keepPair, type PairKeeper } from "../../../src/supervise/tls/keep-pair.ts";
import { type MadePair, makePair, withEndDate } from "../../support/certificates.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

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
  expect([keeper.expiresMs, said]).toEqual([1, []]);
  keeper.settle(undefined);
  expect(keeper.expiresMs).toBeGreaterThan(Date.now());
  expect(said).toEqual([expect.stringMatching(/^info: there is a new certificate/)]);
  expect(keeper.take()).toBe(false);
});

test("half of a new pair is waited for without a word", () => {
  give(second?.certificate, first?.key);
  expect(keeper.take()).toBe(false);
  give(second?.certificate, second?.key);
  expect(keeper.take()).toBe(true);
  keeper.settle(undefined);
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

const refusal = new DjinitError("DJINIT_RELOAD_REFUSED", "cannot reload nginx: no; the old one goes on");

/** Looks at the files `count` times. `renew`: what nginx says. Returns how often it was asked. */
async function looks(count: number, renew: () => Promise<DjinitError | undefined>): Promise<number> {
  const clock = new VirtualClock();
  let asked = 0;
  const end = keeper.watch(clock, () => {
    asked++;
    return renew();
  });
  for (let look = 0; look < count; look++) {
    clock.advance(10_000);
    // Whatever follows from it has been done by then: only promises that are kept already are waited for.
    await setImmediate();
  }
  end();
  return asked;
}

test("what nginx refuses is put back, told of once, and tried again", async () => {
  give(second?.certificate, second?.key);
  expect(await looks(3, async () => refusal)).toBe(3);
  expect(taken()).toBe(textOf());
  expect([keeper.expiresMs, said]).toEqual([1, [`error: ${refusal.message}`]]);
  expect(await looks(2, async () => undefined)).toBe(1);
  expect(taken()).toBe(textOf(second));
  expect(keeper.expiresMs).toBeGreaterThan(Date.now());
  expect(said).toHaveLength(2);
});

test("a reload that never came to nginx is made up for at the next look", async () => {
  give(second?.certificate, second?.key);
  expect(keeper.take({ isAsked: true })).toBe(true);
  expect(await looks(2, async () => undefined)).toBe(1);
  expect(said).toEqual([expect.stringMatching(/^info: there is a new certificate/)]);
});

test("a file that cannot be written is told of once, and tried again", async () => {
  give(second?.certificate, second?.key);
  mkdirSync(at("tls.pem.new"));
  const renewed = async () => undefined;
  expect(await looks(3, renewed)).toBe(0);
  expect(said).toEqual([expect.stringMatching(/^warn: nginx keeps .*tls\.pem cannot be written: /)]);
  rmSync(at("tls.pem.new"), { recursive: true });
  expect(await looks(1, renewed)).toBe(1);
  expect(taken()).toBe(textOf(second));
});

test("a certificate with a date that is none is refused", async () => {
  give(withEndDate(second?.certificate ?? "", "XX"), second?.key);
  expect(await looks(3, async () => undefined)).toBe(0);
  expect(taken()).toBe(textOf());
  expect(said).toEqual([expect.stringMatching(/^warn: nginx keeps .* for a date: have it made anew/)]);
});
