/** `unreachable` may pass by itself. `refused` does not: the token, the path or the certificate has to be another one. */
export type FailureKind = "unreachable" | "refused";

export class VaultFailure extends Error {
  readonly kind: FailureKind;
  /** Of the answer, if there was one. */
  readonly status: number | undefined;

  constructor(kind: FailureKind, message: string, status?: number) {
    super(message);
    this.name = "VaultFailure";
    this.kind = kind;
    this.status = status;
  }
}

const REFUSALS = new Set([400, 401, 403, 404, 405, 410, 414]);

/** What an answer other than a success means. Standby, sealed, overloaded and all that is not known may pass. */
export function failureOfAnswer(status: number, body: unknown): VaultFailure {
  const said = errorsOf(body);
  const text = said === "" ? meaningOf(status) : said;
  return new VaultFailure(REFUSALS.has(status) ? "refused" : "unreachable", `${status}, ${text}`, status);
}

function meaningOf(status: number): string {
  const meanings: Record<number, string> = {
    403: "permission denied",
    404: "there is nothing at this path",
    429: "a standby, or too many requests",
    472: "a standby of another data centre",
    473: "a standby",
    503: "it is sealed, or down for maintenance",
  };
  return meanings[status] ?? "no reason given";
}

/** `{"errors": […]}`: one line, of bounded length. */
function errorsOf(body: unknown): string {
  const { errors } = (body ?? {}) as { errors?: unknown };
  if (!Array.isArray(errors)) return "";
  return errors.map(String).join("; ").replaceAll(/\s+/g, " ").trim().slice(0, 300);
}

const TLS_CODES = /CERT|SIGNATURE|^EPROTO$|^ERR_SSL|^ERR_TLS/;
const MEANINGS: Record<string, string> = {
  ECONNREFUSED: "connection refused: nothing listens there",
  ENOTFOUND: "no such host",
  EAI_AGAIN: "the name server has no answer for the host",
  ETIMEDOUT: "no answer",
  EHOSTUNREACH: "no route to the host",
  ECONNRESET: "the server has hung up",
};

/** What became of a request that got no answer. */
export function failureOfConnection(error: NodeJS.ErrnoException): VaultFailure {
  const { code = "", message } = error;
  if (TLS_CODES.test(code)) return new VaultFailure("refused", `its certificate is not accepted: ${message}`);
  return new VaultFailure("unreachable", MEANINGS[code] ?? message);
}
