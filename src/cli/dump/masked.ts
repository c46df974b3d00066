// Takes secrets out of what processes, files and logs say: those that are known, and what looks like one.
import { isFromSecretFile, type Loaded } from "../../config/load.ts";
import { VARIABLES, type Variable } from "../../config/variables.ts";
import { MASK } from "../mask.ts";

/** Of a value that is a secret by its name. A shorter one is in every second word. */
const SHORTEST_SECRET = 4;
/** Of a variable of the application's own, which may be one. */
const SHORTEST_VALUE = 6;
/** What switches and choices say, and short numbers. They stand in every JSON: `USE_TOKEN_AUTH=true`, `--timeout 1200`. */
const COMMON =
  /^(true|false|none|null|yes|no|on|off|auto|default|enabled|disabled|debug|info|warning|error|production|staging|development|testing|test|local|localhost|json|[-+]?[\d.]{1,5}[a-z]?)$/i;
/** An error message that is cut ends so. What it has of a secret may be its beginning. */
const CUT = "…";
const LONGEST_CUT = 200;

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
    const isKnown = row?.secret === true || row?.masked === true || isFromSecretFile(name, sources);
    const isSecret = isKnown || (row === undefined && SECRET_NAME.test(name));
    const isPath = name.endsWith("_FILE") && value.startsWith("/");
    if (!isSecret && (isPath || row !== undefined || PLAIN.test(name))) return [];
    if (!isKnown && COMMON.test(value)) return [];
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
  const parts = [...(words.length > 1 ? words : []), ...queries].filter((it) => !COMMON.test(it));
  const texts = [value, ...parts].filter((it) => it.length >= shortest);
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

/**
 * A name that has one of the words. It is looked for once, from the name's beginning, which a pattern with it has to fix: text of the
 * application's may be one name of a MiB, and nothing here may take the square of its length.
 */
const NAME =
  "(?=[\\w.-]*?(?:password|passwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|authorization|cookie|session[_-]?id|csrf))[\\w.-]+";
/** What is no name of a variable that says where a secret is: `CSRF_TOKEN_FILE` has none. */
const LOOKS_SECRET: [RegExp, string][] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, MASK],
  [/(:\/\/)[^/?#\s"'@]+@/g, `$1${MASK}@`],
  [/(:\/\/[^/?#\s"'@:]*:)[^/?#\s"'@\u2026]+\u2026/g, `$1${MASK}${CUT}`],
  [/\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi, `$1 ${MASK}`],
  [new RegExp(`((?<![\\w.-])${NAME}["']?\\s*=\\s*["']?)[^\\s"'&;,}\\])]+`, "gi"), `$1${MASK}`],
  [new RegExp(`((?<![\\w.-])${NAME}\\s*:\\s+)(?!["'{\\[])[^\\s"'&;,}\\])]+`, "gi"), `$1${MASK}`],
];
const JSON_MEMBER = new RegExp(`"${NAME}"\\s*:\\s*"`, "gi");

/** The text without any of them. */
export function masked(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) clean = clean.replaceAll(secret, MASK);
  if (clean.includes(CUT))
    for (const secret of secrets) clean = clean.replace(beginningOf(secret), `${MASK}${CUT}`);
  clean = withoutMembers(clean);
  for (const [pattern, instead] of LOOKS_SECRET) clean = clean.replace(pattern, instead);
  return clean;
}

/** Its first characters before a cut, as many as stand there. */
function beginningOf(secret: string): RegExp {
  const characters = [...secret].slice(0, LONGEST_CUT).map((it) => RegExp.escape(it));
  const rest = characters.slice(SHORTEST_SECRET).reduceRight((inner, it) => `(?:${it}${inner})?`, "");
  return new RegExp(`${characters.slice(0, SHORTEST_SECRET).join("")}${rest}${CUT}`, "g");
}

/** Not by one pattern: a repetition of alternatives needs memory for each of them, and more than there is for a text of some MiB. */
function withoutMembers(text: string): string {
  let clean = "";
  let done = 0;
  JSON_MEMBER.lastIndex = 0;
  for (let found = JSON_MEMBER.exec(text); found !== null; found = JSON_MEMBER.exec(text)) {
    const start = JSON_MEMBER.lastIndex;
    let end = start;
    while (end < text.length && text[end] !== '"') end += text[end] === "\\" ? 2 : 1;
    if (end > start) clean += text.slice(done, start) + MASK;
    else clean += text.slice(done, start);
    done = Math.min(end, text.length);
    JSON_MEMBER.lastIndex = done;
  }
  return clean + text.slice(done);
}
