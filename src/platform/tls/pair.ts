// A certificate and its private key: whether nginx can use them. Node's part of OpenSSL is loaded only when it is asked for.
import type { X509Certificate } from "node:crypto";

// No mark between the marks: else a file of many that begin and never end takes a time that grows with its square.
const CERTIFICATE = /-----BEGIN CERTIFICATE-----(?:(?!-----)[\s\S])+?-----END CERTIFICATE-----/g;
const KEY = /-----BEGIN (?:\w+ )*PRIVATE KEY-----(?:(?!-----)[\s\S])+?-----END (?:\w+ )*PRIVATE KEY-----/;
const ENCRYPTED = /^-----BEGIN ENCRYPTED|Proc-Type: 4,ENCRYPTED/;

/** What the two files say. They may be one and the same. */
export interface PairText {
  certificate: string;
  key: string;
}

export interface Pair {
  /** The certificates in their order, then the key. */
  text: string;
  /** When the server's own certificate ends, since 1970. */
  expiresMs: number;
}

/** Of which of the two something is wrong. It completes «NAME is "path", …». */
export interface PairProblem {
  of: "certificate" | "key";
  problem: string;
}

/** What nginx would get of them, good or not. */
export function partsOf(given: PairText): { certificates: string[]; key: string | undefined; text: string } {
  const certificates = given.certificate.match(CERTIFICATE) ?? [];
  const key = KEY.exec(given.key)?.[0];
  return { certificates, key, text: `${[...certificates, key].join("\n")}\n` };
}

export function readPair(given: PairText, nowMs: number): Pair | PairProblem[] {
  const { createPrivateKey, X509Certificate: Certificate } = process.getBuiltinModule("node:crypto");
  const { certificates: blocks, key: keyText, text } = partsOf(given);
  const chain = parsed(() => blocks.map((block) => new Certificate(block)));
  const key = keyText && parsed(() => createPrivateKey(keyText));
  const [own] = Array.isArray(chain) ? chain : [];
  const problems: PairProblem[] = [];
  const refuse = (of: PairProblem["of"], problem: string): void => {
    problems.push({ of, problem });
  };
  if (blocks.length === 0)
    refuse(
      "certificate",
      "which has no certificate: give the server's in PEM form, then the intermediate ones",
    );
  else if (chain instanceof Error) refuse("certificate", `where a certificate is damaged: ${chain.message}`);
  else if (own !== undefined) {
    const untimely = findUntimely(own, nowMs);
    if (untimely !== undefined) refuse("certificate", untimely);
  }
  if (keyText === undefined) refuse("key", "which has no private key: give it in PEM form");
  else if (ENCRYPTED.test(keyText))
    refuse(
      "key",
      "which is encrypted, and nobody can type its password here: decrypt it with `openssl pkey -in KEY -out NEW`",
    );
  else if (key instanceof Error) refuse("key", `which cannot be used: ${key.message}`);
  else if (own !== undefined && typeof key === "object" && !own.checkPrivateKey(key)) {
    const other = (chain as X509Certificate[]).findIndex((each) => each.checkPrivateKey(key));
    if (other > 0)
      refuse("certificate", `where the key's certificate is number ${other + 1}: put the server's own first`);
    else refuse("key", "which is not the key of that certificate: give the two that were made together");
  }
  if (problems.length > 0 || own === undefined) return problems;
  const refused = refusedByTls(blocks.join("\n"), keyText as string);
  if (refused !== undefined) return [{ of: "certificate", problem: `which cannot be used: ${refused}` }];
  return { text, expiresMs: Date.parse(own.validTo) };
}

export function isPair(read: Pair | PairProblem[]): read is Pair {
  return !Array.isArray(read);
}

function findUntimely({ validFrom, validTo }: X509Certificate, nowMs: number): string | undefined {
  // OpenSSL takes a certificate with a date that is none.
  for (const date of [validFrom, validTo])
    if (Number.isNaN(Date.parse(date)))
      return `which has ${JSON.stringify(date)} for a date: have it made anew`;
  if (Date.parse(validTo) <= nowMs) return `which has ended at ${iso(validTo)}: renew the certificate`;
  if (Date.parse(validFrom) > nowMs)
    return `which begins at ${iso(validFrom)}, later than now: look at the clock, or give one that is valid`;
  return undefined;
}

function iso(date: string): string {
  return new Date(date).toISOString().replace(".000", "");
}

function parsed<T>(parse: () => T): T | Error {
  try {
    return parse();
  } catch (error) {
    return error as Error;
  }
}

/** Such as a key that is too short today. nginx would say the same, without the name of a variable. */
function refusedByTls(cert: string, key: string): string | undefined {
  const { createSecureContext } = process.getBuiltinModule("node:tls");
  const made = parsed(() => createSecureContext({ cert, key }));
  return made instanceof Error ? made.message : undefined;
}
