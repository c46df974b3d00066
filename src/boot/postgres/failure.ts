// Which error a failure of the database stands for, by SQLSTATE or by the system's code.
import { DjinitError, type ErrorCode } from "../../base/errors.ts";

/** An error of pg's, or of a connection. */
export type Failure = Error & { code?: string };

/** Wrong password, no such role or not allowed, no such database. */
const LOGIN_CODES = new Set(["28P01", "28000", "3D000"]);
/** Not allowed to, or only to read. */
const FORBIDDEN_CODES = new Set(["42501", "25006"]);
/** Parameters of the connection that the server does not know. */
const PARAMETER_CODES = new Set(["42704", "22023"]);
/** PgBouncer has one code, 08P01, for all that it refuses: what will not pass is told by its words. */
const POOLER_LOGIN =
  /^(no such (database|user)|SASL authentication failed|password authentication failed|login rejected)\b/i;
const POOLER_PARAMETER = /^unsupported startup parameter/;
/** A certificate that does not fit, or a server that does not encrypt where the URL insists on it. */
const CERTIFICATE = /^(ERR_TLS_CERT|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/;

/** The code of a failure that waiting does not change; undefined: waiting may help. */
export function finalCode({ code = "", message }: Failure): ErrorCode | undefined {
  if (LOGIN_CODES.has(code) || /client password must be a (non-empty )?string/.test(message))
    return "DJINIT_DATABASE_REFUSED_LOGIN";
  if (code === "08P01" && POOLER_LOGIN.test(message)) return "DJINIT_DATABASE_REFUSED_LOGIN";
  if (code === "08P01" && POOLER_PARAMETER.test(message)) return "DJINIT_DATABASE_UNUSABLE";
  if (code === "42501") return "DJINIT_DATABASE_FORBIDDEN";
  if (PARAMETER_CODES.has(code) || CERTIFICATE.test(code) || /does not support SSL/.test(message))
    return "DJINIT_DATABASE_UNUSABLE";
  return undefined;
}

/** An error of pg's in an open session, as an error with a code. */
export function databaseFailure(what: string, failure: Failure): DjinitError {
  const code = FORBIDDEN_CODES.has(failure.code ?? "") ? "DJINIT_DATABASE_FORBIDDEN" : finalCode(failure);
  return new DjinitError(code ?? "DJINIT_DATABASE_UNAVAILABLE", `${what}: ${failure.message}`, {
    cause: failure,
    fields: failure.code === undefined ? {} : { sqlstate: failure.code },
  });
}
