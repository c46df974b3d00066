// The rows of the table about Vault. Part of variables.ts. Those that are not djinit's own have the names of Vault's clients,
// and the application may read them itself: nothing is checked before a variable refers to Vault.
import { seconds, text } from "./value-types.ts";
import { variable } from "./variable.ts";

export const VAULT_VARIABLES = {
  vaultAddress: variable("VAULT_ADDR", text(), "The address of Vault or OpenBao: https://vault:8200.", {
    passedOn: true,
  }),
  vaultNamespace: variable("VAULT_NAMESPACE", text(), "The namespace of all paths.", { passedOn: true }),
  vaultToken: variable(
    "VAULT_TOKEN",
    text(),
    "Vault's token. No service gets it where a variable refers to Vault.",
    { secret: true, passedOn: true },
  ),
  vaultTokenFile: variable("VAULT_TOKEN_FILE", text(), "A file with that token, read again when it ends.", {
    passedOn: true,
  }),
  vaultAuthority: variable(
    "VAULT_CACERT",
    text(),
    "A file with the certificates, as PEM, that Vault's own is signed by. Default: the well-known authorities.",
    { passedOn: true },
  ),
  vaultServerName: variable(
    "VAULT_TLS_SERVER_NAME",
    text(),
    "The name in Vault's certificate, where it is not that in VAULT_ADDR.",
    { passedOn: true },
  ),
  vaultRoleId: variable("DJINIT_VAULT_ROLE_ID", text(), "Log in by AppRole: the role's ID.", {
    bootOnly: true,
  }),
  vaultSecretId: variable("DJINIT_VAULT_SECRET_ID", text(), "The secret ID of that role, if it has one.", {
    secret: true,
    bootOnly: true,
  }),
  vaultWrappedSecretId: variable(
    "DJINIT_VAULT_WRAPPED_SECRET_ID",
    text(),
    "The token that the secret ID is wrapped in, by response wrapping: it is good for one start.",
    { secret: true, bootOnly: true },
  ),
  vaultKubernetesRole: variable(
    "DJINIT_VAULT_KUBERNETES_ROLE",
    text(),
    "Log in with the pod's service account: the role in Vault.",
    { bootOnly: true },
  ),
  vaultKubernetesToken: variable(
    "DJINIT_VAULT_KUBERNETES_TOKEN",
    text(),
    "The file with the service account's token.",
    { default: "/var/run/secrets/kubernetes.io/serviceaccount/token", bootOnly: true },
  ),
  vaultAuthMount: variable(
    "DJINIT_VAULT_AUTH_MOUNT",
    text(),
    "Where that way of logging in is mounted below auth/. Default: approle or kubernetes.",
    { bootOnly: true },
  ),
  vaultTimeoutMs: variable(
    "DJINIT_VAULT_TIMEOUT",
    seconds(0, 3_600),
    "How long the boot waits for Vault; 0: one attempt.",
    { default: "60" },
  ),
} as const;
