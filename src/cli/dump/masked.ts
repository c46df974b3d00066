// Takes secrets out of what processes, files and logs say: those that are known, and what looks like one.
import { isFromSecretFile, type Loaded } from "../../config/load.ts";
import { VARIABLES, type Variable } from "../../config/variables.ts";

export const MASK = "********";

/** Of a value that is a secret by its name. A shorter one is in every second word. */
const SHORTEST_SECRET = 4;
/** Of a variable of the application's own, which may be one. */
const SHORTEST_VALUE = 6;

/** Variables of the system, of Python and of Kubernetes, whose values are no secrets and stand in many lines. */
const PLAIN =
  /^(PATH|HOME|USER|LOGNAME|HOSTNAME|PWD|OLDPWD|SHLVL|SHELL|TERM|TZ|LANG|LC_\w+|NO_COLOR|_|DEBIAN_FRONTEND|(PYTHON|PIP|VIRTUAL_ENV|GPG_KEY|NGINX|NODE)\w*|DJANGO_SETTINGS_MODULE|KUBERNETES_\w+|\w+_(HOST|PORT|SERVICE_HOST|SERVICE_PORT)(_\w+)?)$/;

const SECRET_NAME = /secret|pass|token|key|credential|dsn/i;

/** Texts that no archive may have. */
export function secretsOf({ environment, sources }: Loaded): string[] {
  const table = new Map((Object.values(VARIABLES) as Variable[]).map((row) => [row.name, row]));
  const prefixes = [...table.values()].filter(({ name }) => name.endsWith("*"));
  const texts = Object.entries(environment).flatMap(([name, value]) => {
    if (!value) return [];
    const row = table.get(name) ?? prefixes.find((it) => name.startsWith(it.name.slice(0, -1)));
    const isSecret =
      row?.secret === true ||
      row?.masked === true ||
      isFromSecretFile(name, sources) ||
      (row === undefined && SECRET_NAME.test(name));
    const isPath = name.endsWith("_FILE") && value.startsWith("/");
    if (!isSecret && (isPath || row !== undefined || PLAIN.test(name))) return [];
    return formsOf(value, isSecret ? SHORTEST_SECRET : SHORTEST_VALUE);
  });
  // A longer one may begin with a shorter one.
  return [...new Set(texts)].sort((a, b) => b.length - a.length);
}

/** The value, and what of it may stand alone: a URL's password, the words of a list. */
function formsOf(value: string, shortest: number): string[] {
  const words = value.split(/[\s=,;]+/).filter((word) => !word.startsWith("-"));
  const passwords = [...value.matchAll(/:\/\/[^/?#\s]*?:([^/?#\s]*)@/g)].map(([, password = ""]) => password);
  const queries = [...value.matchAll(/[?&][^=&\s]+=([^&#\s]+)/g)].map(([, text = ""]) => text);
  const texts = [value, ...(words.length > 1 ? words : []), ...queries].filter((it) => it.length >= shortest);
  return [...texts, ...passwords.filter((it) => it.length >= SHORTEST_SECRET)].flatMap((text) => [
    text,
    decoded(text),
    JSON.stringify(text).slice(1, -1),
  ]);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const NAME =
  "[\\w.-]*(?:password|passwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|authorization|cookie|session[_-]?id|csrf\\w*)[\\w.-]*";
/** What is no name of a variable that says where a secret is: `CSRF_TOKEN_FILE` has none. */
const LOOKS_SECRET: [RegExp, string][] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, MASK],
  [/(:\/\/)[^/?#\s"'@]+@/g, `$1${MASK}@`],
  [/\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi, `$1 ${MASK}`],
  [new RegExp(`("${NAME}"\\s*:\\s*")(?:[^"\\\\]|\\\\.)+`, "gi"), `$1${MASK}`],
  [new RegExp(`((?<![\\w.-])(?:--)?${NAME}["']?\\s*=\\s*["']?)[^\\s"'&;,}\\])]+`, "gi"), `$1${MASK}`],
  [new RegExp(`((?<![\\w.-])${NAME}\\s*:\\s+)(?!["'{\\[])[^\\s"'&;,}\\])]+`, "gi"), `$1${MASK}`],
];

/** The text without any of them. */
export function masked(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) clean = clean.replaceAll(secret, MASK);
  for (const [pattern, instead] of LOOKS_SECRET) clean = clean.replace(pattern, instead);
  return clean;
}
