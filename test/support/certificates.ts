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
