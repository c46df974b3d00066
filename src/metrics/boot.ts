import type { BootFacts } from "../plan/plan.ts";
import { type Family, family, single } from "./family.ts";

/** How long the steps of the boot took, and what they found. Empty if the boot had nothing to do. */
export function collectBoot(boot: BootFacts | undefined): Family[] {
  if (boot === undefined) return [];
  const { stepSeconds, migrations } = boot;
  return [
    family(
      "djinit_boot_step_seconds",
      Object.entries(stepSeconds).map(([step, seconds]) => ({ labels: { step }, value: seconds ?? 0 })),
    ),
    ...(migrations === undefined
      ? []
      : [
          family("djinit_migrations", [
            { labels: { state: "applied" }, value: migrations.applied },
            { labels: { state: "pending" }, value: migrations.pending },
          ]),
        ]),
  ];
}

/** Empty where nginx takes no TLS. */
export function collectTls(tls: { expiresMs: number } | undefined): Family[] {
  return single("djinit_tls_certificate_expiry_timestamp_seconds", tls && tls.expiresMs / 1000);
}

/** What the boot has borrowed from Vault, and the second life keeps. */
export interface LentByVault {
  leases: { path: string; secondsLeft: number }[];
  failures: number;
}

/** Empty where no variable refers to Vault. */
export function collectVault(vault: LentByVault | undefined): Family[] {
  if (vault === undefined) return [];
  return [
    family(
      "djinit_vault_lease_seconds",
      vault.leases.map(({ path, secondsLeft }) => ({ labels: { path }, value: secondsLeft })),
    ),
    ...single("djinit_vault_failures_total", vault.failures),
  ];
}
