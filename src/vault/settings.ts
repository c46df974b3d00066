// Where Vault is, and how to log in, from the variables. Only asked for where a variable refers to Vault.
import type { GivenFiles } from "../base/given-file.ts";
import type { Problem } from "../config/problem.ts";
import type { Config } from "../config/variables.ts";
import type { Login, VaultServer } from "./state.ts";

const MOST_PEM_BYTES = 1024 * 1024;
const MOUNT = /^[\w.-]+(\/[\w.-]+)*$/;

export interface VaultSettings {
  server: VaultServer;
  login: Login;
}

/** Undefined with at least one problem. `fileOf` tells which file a variable was read from. */
export function readVaultSettings(
  config: Config,
  fileOf: (name: string) => string | undefined,
  files: GivenFiles,
  problems: Problem[],
): VaultSettings | undefined {
  const found: Problem[] = [];
  const server = readServer(config, files, found);
  const login = readLogin(config, fileOf, found);
  problems.push(...found);
  return found.length === 0 && login !== undefined ? { server, login } : undefined;
}

function readServer(config: Config, files: GivenFiles, problems: Problem[]): VaultServer {
  const {
    vaultAddress: address = "",
    vaultAuthority: file,
    vaultNamespace: namespace,
    vaultServerName,
  } = config;
  if (address === "") {
    const problem =
      "VAULT_ADDR is not set, but variables refer to Vault: give its address, such as https://vault:8200";
    problems.push({ variable: "VAULT_ADDR", problem });
  } else if (!isAddress(address)) {
    const problem = `VAULT_ADDR is ${JSON.stringify(withoutUser(address))}, which is no address such as https://vault:8200`;
    problems.push({ variable: "VAULT_ADDR", problem });
  }
  const authority = file === undefined ? undefined : readAuthority(file, files, problems);
  return {
    address,
    ...(namespace === undefined ? {} : { namespace }),
    ...(authority === undefined ? {} : { authority }),
    ...(vaultServerName === undefined ? {} : { serverName: vaultServerName }),
  };
}

function isAddress(text: string): boolean {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) return false;
  const { username, password, search, hash } = new URL(text);
  return username === "" && password === "" && search === "" && hash === "";
}

/** Somebody may have put a password there. */
function withoutUser(address: string): string {
  return address.replace(/\/\/[^/]*@/, "//…@");
}

function readAuthority(path: string, files: GivenFiles, problems: Problem[]): string | undefined {
  const variable = "VAULT_CACERT";
  const say = (why: string): undefined => {
    problems.push({ variable, value: path, problem: `${variable} is ${JSON.stringify(path)}, ${why}` });
  };
  try {
    const text = files.read(path, MOST_PEM_BYTES).toString("latin1");
    return text.includes("-----BEGIN CERTIFICATE-----") ? text : say("which has no certificate as PEM");
  } catch (error) {
    return say(`which cannot be read: ${(error as Error).message}`);
  }
}

function readLogin(
  config: Config,
  fileOf: (name: string) => string | undefined,
  problems: Problem[],
): Login | undefined {
  const { vaultRoleId: roleId, vaultSecretId: secretId, vaultKubernetesRole: role } = config;
  const { vaultWrappedSecretId: wrapped } = config;
  const { vaultAuthMount, vaultToken: token, vaultTokenFile: tokenFile } = config;
  const mount = vaultAuthMount?.replace(/^auth\/|\/$/g, "");
  const say = (variable: string, problem: string): undefined => {
    problems.push({ variable, problem });
  };
  if (mount !== undefined && !MOUNT.test(mount))
    return say(
      "DJINIT_VAULT_AUTH_MOUNT",
      `DJINIT_VAULT_AUTH_MOUNT is ${JSON.stringify(mount)}, which is no path below auth/`,
    );
  if (roleId !== undefined && role !== undefined)
    return say(
      "DJINIT_VAULT_ROLE_ID",
      "DJINIT_VAULT_ROLE_ID and DJINIT_VAULT_KUBERNETES_ROLE are both set: give one of them",
    );
  if (wrapped !== undefined && secretId !== undefined)
    return say(
      "DJINIT_VAULT_WRAPPED_SECRET_ID",
      "DJINIT_VAULT_WRAPPED_SECRET_ID and DJINIT_VAULT_SECRET_ID are both set: give one of them",
    );
  if (wrapped !== undefined && roleId === undefined)
    return say(
      "DJINIT_VAULT_ROLE_ID",
      "DJINIT_VAULT_ROLE_ID is not set, but DJINIT_VAULT_WRAPPED_SECRET_ID is: give the role's ID",
    );
  if (roleId !== undefined) {
    const file = fileOf("DJINIT_VAULT_SECRET_ID");
    return {
      kind: "approle",
      mount: mount ?? "approle",
      roleId,
      ...(secretId === undefined ? {} : { secretId }),
      ...(file === undefined ? {} : { secretIdFile: file }),
      ...(wrapped === undefined ? {} : { wrapped }),
    };
  }
  if (role !== undefined) {
    return { kind: "kubernetes", mount: mount ?? "kubernetes", role, tokenFile: config.vaultKubernetesToken };
  }
  if (token !== undefined || tokenFile !== undefined)
    return { kind: "token", token: token ?? "", ...(tokenFile === undefined ? {} : { file: tokenFile }) };
  return say(
    "VAULT_TOKEN",
    "VAULT_TOKEN is not set, but variables refer to Vault: give it, VAULT_TOKEN_FILE, DJINIT_VAULT_ROLE_ID or DJINIT_VAULT_KUBERNETES_ROLE",
  );
}
