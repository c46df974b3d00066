// The values of variables that refer to Vault: read once, before anything is started. A bundle of its own.
import { pause, systemClock } from "../../base/clock.ts";
import { DjinitError } from "../../base/errors.ts";
import type { Problem } from "../../config/problem.ts";
import { readSecret } from "../../config/sources/secret-files.ts";
import type { FileSources } from "../../config/sources/sources.ts";
import { isNamed } from "../../config/sources/sources.ts";
import type { Config } from "../../config/variables.ts";
import type { OwnLog } from "../../logs/write/own-log.ts";
import { filesFor } from "../../platform/files/files-of-root.ts";
import { type VaultClient, vaultClient } from "../../vault/client.ts";
import { VaultFailure } from "../../vault/failure.ts";
import { blame, findMissing, findWanted, giveValues, pathsOf, type Wanted } from "../../vault/references.ts";
import { type Held, revokeAll } from "../../vault/revoke.ts";
import { readVaultSettings, type VaultSettings } from "../../vault/settings.ts";
import type { Secret, Token, VaultState } from "../../vault/state.ts";
import { findMisled } from "./misled.ts";

const ATTEMPT_TIMEOUT_MS = 5_000;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 2_000;

export interface VaultAsker {
  config: Config;
  environment: Record<string, string>;
  sources: FileSources;
  problems: Problem[];
  log: OwnLog;
  signal: AbortSignal;
  /** Vault has not answered, for this reason. */
  onWaiting: (cause: string) => void;
}

export interface OpenVault {
  /** For the second life. `bootOnly`: variables that no service gets. */
  state: (bootOnly: readonly string[]) => VaultState;
  /** Variables that have a value from Vault now. */
  variables: string[];
  /** Gives everything back: there is no second life. */
  leave: () => Promise<void>;
}

/**
 * Gives the variables their values, in place. Undefined if a reference or a setting is bad: `problems` has more then. Errors:
 * DJINIT_VAULT_UNREACHABLE, DJINIT_VAULT_REFUSED, the signal's reason.
 */
export async function openVault(asker: VaultAsker): Promise<OpenVault | undefined> {
  const { config, environment, log, problems, sources } = asker;
  const before = problems.length;
  const wanted = findWanted({ environment }, problems);
  const fileOf = (name: string): string | undefined => /^file:(.*)$/s.exec(sources.origins[name] ?? "")?.[1];
  const files = filesFor(process.getuid?.() === 0);
  const misled = findMisled(config, sources, files);
  problems.push(...misled);
  if (misled.length > 0) return undefined;
  const given = readVaultSettings(config, fileOf, files, problems);
  if (given === undefined || problems.length > before) return undefined;
  const client = vaultClient(given.server, {
    timeoutMs: ATTEMPT_TIMEOUT_MS,
    nowMs: () => Date.now(),
    readFile: (path) => readSecret(path, files),
  });
  const patience = waiter(asker, given);
  const settings = await unwrapped(given, client, patience);
  const token = await logIn(client, settings, patience);
  const secrets: Record<string, Secret> = {};
  const leave = async (): Promise<void> => {
    await revokeAll(client, heldOf(secrets), [token], systemClock);
  };
  try {
    await readAll(client, token, wanted, secrets, patience);
  } catch (error) {
    await leave();
    throw error;
  }
  giveValues({ environment, sources }, wanted, secrets, problems);
  dropToken({ environment, sources });
  const paths = Object.keys(secrets);
  log.info({ paths }, `read ${paths.length === 1 ? "a secret" : `${paths.length} secrets`} from Vault`);
  return {
    variables: wanted.map(({ variable }) => variable),
    leave,
    state: (bootOnly) => {
      const kept = pathsOf(wanted.filter(({ variable }) => !isNamed(variable, bootOnly)));
      const isKept = ([path]: [string, Secret]): boolean => kept.includes(path);
      return {
        ...settings,
        token,
        secrets: Object.fromEntries(Object.entries(secrets).filter(isKept)),
        unused: heldOf(Object.fromEntries(Object.entries(secrets).filter((it) => !isKept(it)))),
      };
    },
  };
}

type Patience = <T>(ask: () => Promise<T>) => Promise<T>;

/** Asks again until there is an answer. Errors: DJINIT_VAULT_UNREACHABLE, a refusal (VaultFailure), the signal's reason. */
function waiter({ config, log, onWaiting, signal }: VaultAsker, { server }: VaultSettings): Patience {
  const endMs = systemClock.monotonicMs() + config.vaultTimeoutMs;
  let said = "";
  return async (ask) => {
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)) {
      signal.throwIfAborted();
      try {
        return await ask();
      } catch (error) {
        if (!(error instanceof VaultFailure) || error.kind === "refused") throw error;
        const leftMs = endMs - systemClock.monotonicMs();
        if (leftMs <= 0) {
          const seconds = config.vaultTimeoutMs / 1_000;
          const text = `cannot read from Vault at ${server.address} within ${seconds} s: ${error.message}`;
          throw new DjinitError("DJINIT_VAULT_UNREACHABLE", text, { fields: { variable: "VAULT_ADDR" } });
        }
        if (said !== error.message) log.info({}, `waiting for Vault at ${server.address}: ${error.message}`);
        said = error.message;
        onWaiting(error.message);
        await pause(systemClock, Math.min(pauseMs, leftMs), signal);
      }
    }
  };
}

/** A later login needs the secret ID again: it stays in memory. */
async function unwrapped(
  settings: VaultSettings,
  client: VaultClient,
  patience: Patience,
): Promise<VaultSettings> {
  const { login, server } = settings;
  if (login.kind !== "approle" || login.wrapped === undefined) return settings;
  const { wrapped, ...rest } = login;
  try {
    const secretId = await patience(() => client.unwrap(wrapped, login.mount));
    return { server, login: { ...rest, secretId } };
  } catch (error) {
    if (!(error instanceof VaultFailure)) throw error;
    const variable = "DJINIT_VAULT_WRAPPED_SECRET_ID";
    const problem = `${variable}: Vault at ${server.address} does not unwrap it: ${error.message}`;
    throw refusal([{ variable, problem }]);
  }
}

const LOGINS = {
  token: "VAULT_TOKEN",
  approle: "DJINIT_VAULT_ROLE_ID",
  kubernetes: "DJINIT_VAULT_KUBERNETES_ROLE",
} as const;

async function logIn(
  client: VaultClient,
  { login, server }: VaultSettings,
  patience: Patience,
): Promise<Token> {
  try {
    return await patience(() => client.logIn(login));
  } catch (error) {
    if (error instanceof DjinitError || typeof error === "string") throw error;
    const variable =
      login.kind === "token" && login.file !== undefined ? "VAULT_TOKEN_FILE" : LOGINS[login.kind];
    const { message } = error as Error;
    const problem = `${variable}: Vault at ${server.address} refuses the login: ${message}`;
    throw refusal([{ variable, problem }]);
  }
}

/** Errors: DJINIT_VAULT_REFUSED with all that is refused or missing; as those of `patience`. */
async function readAll(
  client: VaultClient,
  token: Token,
  wanted: readonly Wanted[],
  secrets: Record<string, Secret>,
  patience: Patience,
): Promise<void> {
  const refused: Problem[] = [];
  for (const path of pathsOf(wanted)) {
    try {
      secrets[path] = await patience(() => client.read(path, token.value));
    } catch (error) {
      if (!(error instanceof VaultFailure)) throw error;
      refused.push(...blame(wanted, path, error));
    }
  }
  refused.push(...findMissing(wanted, secrets));
  if (refused.length > 0) throw refusal(refused);
}

function refusal(problems: Problem[]): DjinitError {
  const text = `cannot start: ${problems.map(({ problem }) => problem).join("; ")}`;
  return new DjinitError("DJINIT_VAULT_REFUSED", text, { fields: { problems } });
}

function heldOf(secrets: Readonly<Record<string, Secret>>): Held[] {
  return Object.entries(secrets).flatMap(([path, { lease }]) =>
    lease === undefined ? [] : [{ path, id: lease.id }],
  );
}

/** djinit asks for the services: none of them gets the token, nor at a reload. */
function dropToken({ environment, sources }: Pick<VaultAsker, "environment" | "sources">): void {
  for (const name of ["VAULT_TOKEN", "VAULT_TOKEN_FILE"]) {
    delete environment[name];
    delete sources.origins[name];
    delete sources.taken[name];
  }
  sources.unset.push("VAULT_TOKEN");
}
