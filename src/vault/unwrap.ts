// A secret ID that comes wrapped: who unwraps it first has it, and whoever comes second learns that somebody was there.
import { VaultFailure } from "./failure.ts";
import type { Send } from "./transport.ts";

/**
 * The secret ID in the wrapping token. Errors: VaultFailure, which for a token that is used up, or that wraps something else, says
 * what that may mean.
 */
export async function unwrapSecretId(wrapping: string, mount: string, send: Send): Promise<string> {
  const { creation_path } = dataOf(
    await told(send({ method: "POST", path: "sys/wrapping/lookup", body: { token: wrapping } })),
  );
  // Somebody may have unwrapped it, and wrapped what he likes in its place.
  if (!isOfSecretIds(creation_path, mount)) {
    const made = JSON.stringify(creation_path ?? null);
    throw new VaultFailure(
      "refused",
      `the wrapping token was made at ${made}, not for a secret ID of auth/${mount}: somebody may have put it in the place of yours`,
    );
  }
  const { secret_id } = dataOf(
    await told(send({ method: "POST", path: "sys/wrapping/unwrap", token: wrapping })),
  );
  if (typeof secret_id !== "string" || secret_id === "")
    throw new VaultFailure("refused", "what the wrapping token has is no secret ID");
  return secret_id;
}

function isOfSecretIds(path: unknown, mount: string): boolean {
  return (
    typeof path === "string" && `/${path}`.includes(`/auth/${mount}/role/`) && path.endsWith("/secret-id")
  );
}

async function told(answer: Promise<unknown>): Promise<unknown> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof VaultFailure) || error.kind !== "refused") throw error;
    const means =
      "it is used up or has ended. If no earlier start of this container has used it, somebody else has, and knows the secret ID: revoke that";
    throw new VaultFailure("refused", `${error.message}: ${means}`, error.status);
  }
}

function dataOf(answer: unknown): Record<string, unknown> {
  const { data } = (answer ?? {}) as { data?: unknown };
  return typeof data === "object" && data !== null ? (data as Record<string, unknown>) : {};
}
