// Certificates and their keys, made by openssl.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface MadePair {
  certificate: string;
  key: string;
}

/** One that signs itself, for 127.0.0.1 and `host`, valid for ten days. `newKey`: words for `openssl req -newkey`. */
export function makePair(
  host: string,
  newKey: readonly string[] = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
  protect: readonly string[] = ["-nodes"],
): MadePair {
  const directory = mkdtempSync(join(tmpdir(), "certificates-"));
  const [key, certificate] = [join(directory, "key.pem"), join(directory, "certificate.pem")] as const;
  const names = `subjectAltName=DNS:${host},IP:127.0.0.1`;
  try {
    const made = ["req", "-x509", "-newkey", ...newKey, ...protect, "-days", "10"];
    const subject = ["-subj", `/CN=${host}`, "-addext", names];
    execFileSync("openssl", [...made, ...subject, "-keyout", key, "-out", certificate], { stdio: "pipe" });
    return { certificate: readFileSync(certificate, "utf8"), key: readFileSync(key, "utf8") };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** The same with other first letters of its end's date, whose signature is wrong. */
export function withEndDate(certificate: string, letters: string): string {
  const der = Buffer.from(certificate.replaceAll(/-----[^-]+-----|\s/g, ""), "base64");
  // Two dates of 13 letters each, one after the other: UTCTime.
  const mark = Buffer.from([0x17, 13]);
  der.write(letters, der.indexOf(mark, der.indexOf(mark) + 15) + 2, "latin1");
  return `-----BEGIN CERTIFICATE-----\n${der.toString("base64")}\n-----END CERTIFICATE-----\n`;
}
