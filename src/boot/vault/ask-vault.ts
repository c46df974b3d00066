// Whether Vault is to be asked at all. What asks it is loaded only then.
import { hasReference } from "../../config/sources/references.ts";
import type { OwnLog } from "../../logs/write/own-log.ts";
import type { BootContext } from "../context.ts";
import { readAgainFrom } from "../given.ts";
import type { OpenVault } from "./open-vault.ts";

const STEP = "vault";

type AskedContext = Pick<
  BootContext,
  "config" | "environment" | "observer" | "problems" | "signal" | "sources"
> & { log: OwnLog };

/** Where none refers to it, Vault is not asked. */
export function referringVariables(environment: Readonly<Record<string, string | undefined>>): string[] {
  return Object.keys(environment).filter((name) => hasReference(environment[name] ?? ""));
}

/**
 * Gives variables that refer to Vault their values, and `config` what follows from them. Undefined where none does, or where a
 * reference is bad: `problems` has more then. Errors: DJINIT_VAULT_UNREACHABLE, DJINIT_VAULT_REFUSED, the signal's reason.
 */
export async function askVault(
  context: AskedContext,
  openLog: () => Promise<void> = async () => {},
): Promise<OpenVault | undefined> {
  const environment = context.environment as Record<string, string>;
  const referring = referringVariables(environment);
  if (referring.length === 0) return undefined;
  const { observer, sources } = context;
  // What a reference is not, its value may be.
  context.problems = context.problems.filter(({ variable }) => !referring.includes(variable));
  const startedMs = performance.now();
  observer.onStepStarted(STEP);
  const { openVault } = await import("./open-vault.ts");
  const onWaiting = (cause: string): void => {
    observer.onWaiting(cause);
    void openLog();
  };
  const opened = await openVault({ ...context, environment, onWaiting });
  observer.onStep({ step: STEP, seconds: (performance.now() - startedMs) / 1_000 });
  if (opened !== undefined) {
    const { config, problems } = readAgainFrom({ environment, sources });
    context.config = config;
    context.problems.push(...problems.filter(({ variable }) => referring.includes(variable)));
  }
  return opened;
}

/** Where an image is built there is no Vault: what refers to it counts as not set. */
export function withoutReferences<T extends { environment: Record<string, string> }>(loaded: T): T {
  const kept = Object.entries(loaded.environment).filter(([, value]) => !hasReference(value));
  return { ...loaded, environment: Object.fromEntries(kept) };
}
