// libpq's sslmode and its certificates → what pg is to try, in libpq's order.
import { statSync } from "node:fs";
import type { ConnectionOptions } from "node:tls";
import type { ClientConfig } from "pg";
import { readUntrusted } from "../../base/untrusted-file.ts";
import { readAsApplication } from "./as-application.ts";

const MODES = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] as const;
/** A bundle of all authorities has 250 KB. */
const MOST_BYTES = 4 * 1024 * 1024;
type Mode = (typeof MODES)[number];

export interface EncryptionParameters {
  sslmode?: string;
  sslrootcert?: string;
  sslcert?: string;
  sslkey?: string;
  sslpassword?: string;
  sslnegotiation?: string;
  /** Where OpenSSL is told to find the system's certificates. */
  SSL_CERT_FILE?: string;
}

export interface Encryption extends Pick<ClientConfig, "sslnegotiation"> {
  /** In the order in which libpq tries them. */
  encryptions: (ConnectionOptions | false)[];
}

/** Errors: an option that libpq refuses, in words that go on a sentence about the URL. */
export function encryptionOf(given: EncryptionParameters, host: string): Encryption {
  const isSystems = given.sslrootcert === "system";
  const mode = (given.sslmode || (isSystems ? "verify-full" : "prefer")) as Mode;
  if (!MODES.includes(mode))
    throw new Error(`its sslmode is ${JSON.stringify(mode)}, which is none of ${MODES.join(", ")}`);
  if (isSystems && mode !== "verify-full")
    throw new Error(`its sslmode is ${mode}, but sslrootcert=system takes only verify-full`);
  // libpq does not encrypt there, whatever the mode.
  if (host.startsWith("/")) return { encryptions: [false] };
  const encrypted = mode === "disable" ? {} : certificates(mode, given, host);
  const direct = given.sslnegotiation === "direct" ? { sslnegotiation: "direct" as const } : {};
  if (mode === "disable") return { encryptions: [false] };
  if (mode === "allow") return { encryptions: [false, encrypted] };
  if (mode === "prefer") return { encryptions: [encrypted, false] };
  return { encryptions: [encrypted], ...direct };
}

function certificates(mode: Mode, given: EncryptionParameters, host: string): ConnectionOptions {
  const { sslrootcert, sslcert, sslkey, sslpassword } = given;
  const roots = rootsOf(mode, given);
  // With a root certificate, `require` checks the signature, but not the host name.
  const verifies = mode.startsWith("verify-") || (mode === "require" && roots !== undefined);
  if (mode === "verify-ca" && sslrootcert === undefined)
    throw new Error("its sslmode is verify-ca, which needs an sslrootcert");
  return {
    ...(verifies && roots !== undefined ? { ca: roots } : {}),
    ...(verifies ? {} : { rejectUnauthorized: false }),
    ...(verifies && mode !== "verify-full" ? { checkServerIdentity: () => undefined } : {}),
    ...(verifies && mode === "verify-full" && host !== "" ? { host } : {}),
    // A certificate that does not exist is not sent.
    ...(sslcert && isThere(sslcert, "an error")
      ? { cert: read(sslcert), ...(sslkey ? { key: read(sslkey) } : {}) }
      : {}),
    ...(sslpassword ? { passphrase: sslpassword } : {}),
  };
}

/** Only the modes that verify need it. */
function rootsOf(
  mode: Mode,
  { sslrootcert, SSL_CERT_FILE }: EncryptionParameters,
): string | string[] | undefined {
  if (!sslrootcert) return undefined;
  if (sslrootcert !== "system")
    return mode.startsWith("verify-") || isThere(sslrootcert, "missing") ? read(sslrootcert) : undefined;
  if (SSL_CERT_FILE) return read(SSL_CERT_FILE);
  // Loaded only if needed: gunicorn waits meanwhile.
  const systems = process.getBuiltinModule("node:tls").getCACertificates("system");
  return systems.length > 0 ? systems : undefined;
}

/** Untrusted: the project's settings may name the file. */
function read(path: string): string {
  const rules = { mostBytes: MOST_BYTES, followsLinks: true };
  return readAsApplication(() => readUntrusted(path, rules)).toString("utf8");
}

/** To libpq, what is closed to it is no root certificate, but a certificate of the client's that it wants. */
function isThere(path: string, isClosed: "missing" | "an error"): boolean {
  try {
    readAsApplication(() => statSync(path));
    return true;
  } catch (error) {
    if (isClosed === "an error" && (error as NodeJS.ErrnoException).code === "EACCES") throw error;
    return false;
  }
}
