// NAME_FILE names the file that holds the value of NAME, as in the official images of Postgres and MySQL.
import { isUtf8 } from "node:buffer";
import { normalize } from "node:path";
import { type GivenFiles, Misled } from "../../base/given-file.ts";
import { guidesOf, isFromEnvFile, isNamed, type Reading, setFrom } from "./sources.ts";

/** The kernel takes no longer variable. */
const MOST_BYTES = 128 * 1024;

/**
 * Where engines and Vault's agent mount secrets. Elsewhere the application's NAME_FILE means nothing, unless DJINIT_SECRETS
 * has NAME: LOG_FILE, CELERY_PID_FILE or SSL_CERT_FILE name files that are to stay files.
 */
export const SECRET_PLACES = ["/run/secrets", "/var/run/secrets", "/etc/secrets", "/vault/secrets"];

/** Libraries read these files themselves, wherever they lie, and some of them change every hour. */
const FILES_OF_LIBRARIES = [
  "AWS_CONFIG_FILE",
  "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
  "AWS_SHARED_CREDENTIALS_FILE",
  "AWS_WEB_IDENTITY_TOKEN_FILE",
  "AZURE_FEDERATED_TOKEN_FILE",
  "SSL_CERT_FILE",
];

const NAME_FILE = /^([A-Za-z_][A-Za-z0-9_]*)_FILE$/;

/** DJINIT_ENV_FILE, which may lie there, is no file of a variable DJINIT_ENV. */
const NOT_OF_THE_APPLICATION = /^DJINIT_/;

/** Adds the values of the files that a NAME_FILE names. */
export function addSecretFiles(reading: Reading): void {
  const { environment, sources } = reading;
  for (const fileVariable of Object.keys(environment)) {
    const name = NAME_FILE.exec(fileVariable)?.[1];
    const path = environment[fileVariable];
    if (name === undefined || !path || isNamed(name, sources.unset)) continue;
    const guides = guidesOf(reading, fileVariable);
    if (sources.own.includes(name)) {
      if (sources.origins[fileVariable] === undefined) sources.taken[fileVariable] = path;
      delete environment[fileVariable];
      delete sources.origins[fileVariable];
      addFile(reading, name, path, guides);
    } else if (sources.named.includes(name))
      addFile(reading, name, path, [...guides, ...guidesOf(reading, "DJINIT_SECRETS")]);
    else if (isOfTheApplication(fileVariable) && isInSecretPlace(path, sources.secretsDirectory))
      addIfReadable(reading, name, path, guides);
  }
}

/** The text of a file that holds one value. Errors: one that says why it holds none. */
export function readSecret(path: string, files: GivenFiles, guides?: readonly number[]): string {
  const bytes = files.read(path, MOST_BYTES, guides);
  if (bytes.includes(0)) throw new Error("it has a NUL byte, which no variable can have");
  if (!isUtf8(bytes)) throw new Error("it is not text in UTF-8");
  const text = bytes.toString().replace(/\r?\n$/, "");
  if (text === "") throw new Error("it is empty");
  return text;
}

function addFile(reading: Reading, name: string, path: string, guides: number[]): void {
  const { environment, problems } = reading;
  const fileVariable = `${name}_FILE`;
  if (environment[name]) {
    const problem = `${name} and ${fileVariable} are both set: give one of them`;
    problems.push({ variable: fileVariable, value: path, problem });
    return;
  }
  addRead(reading, name, path, guides);
}

function addRead(reading: Reading, name: string, path: string, guides: number[]): void {
  const fileVariable = `${name}_FILE`;
  try {
    setFrom(reading, name, readSecret(path, reading.files, guides), `file:${path}`);
  } catch (error) {
    const problem = `${fileVariable} is ${JSON.stringify(path)}, which cannot be read: ${(error as Error).message}`;
    reading.problems.push({ variable: fileVariable, value: path, problem });
  }
}

/** What the application's own variables say is the application's affair: nothing of it ends the start. */
function addIfReadable(reading: Reading, name: string, path: string, guides: number[]): void {
  const { environment, files, held, sources } = reading;
  // The container's variables win over those of env files, NAME_FILE too.
  const isLess = isFromEnvFile(sources.origins[name]) && !isFromEnvFile(sources.origins[`${name}_FILE`]);
  if (environment[name] && !isLess) return;
  if (held.includes(name)) return addRead(reading, name, path, guides);
  try {
    setFrom(reading, name, readSecret(path, files, guides), `file:${path}`);
  } catch (error) {
    // It may be a file that is meant for somebody else.
    if (error instanceof Misled && guides.length > 0) addRead(reading, name, path, guides);
  }
}

function isOfTheApplication(fileVariable: string): boolean {
  return !NOT_OF_THE_APPLICATION.test(fileVariable) && !FILES_OF_LIBRARIES.includes(fileVariable);
}

function isInSecretPlace(path: string, secretsDirectory: string | undefined): boolean {
  const places = secretsDirectory === undefined ? SECRET_PLACES : [...SECRET_PLACES, secretsDirectory];
  return places.some((place) => normalize(path).startsWith(`${place}/`));
}
