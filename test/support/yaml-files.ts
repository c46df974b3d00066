// The YAML files of deploy/, and what a JSON schema says of them, by PyYAML and jsonschema.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { VARIABLES } from "../../src/config/variables.ts";
import { pythonTools } from "../../tools/python/environment.ts";

export const DEPLOY = join(import.meta.dirname, "../../deploy");
/** Of the compose specification, and Docker's own of stacks. */
export const COMPOSE_SCHEMA = join(import.meta.dirname, "../fixtures/schemas/compose-spec.json");
export const STACK_SCHEMA = join(import.meta.dirname, "../fixtures/schemas/stack-v3.13.json");

// biome-ignore lint/suspicious/noExplicitAny: the files are looked at by many paths
type Document = any;

const READ = `
import json, sys, yaml
given = json.load(sys.stdin)
document = yaml.safe_load(given["text"]) if "text" in given else given["document"]
refused = []
if given.get("schema"):
    import jsonschema
    schema = json.load(open(given["schema"]))
    validator = jsonschema.validators.validator_for(schema)(schema)
    refused = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)]
json.dump({"document": document, "refused": refused}, sys.stdout)
`;

export function readYaml(path: string): Document {
  return python({ text: readFileSync(join(DEPLOY, path), "utf8") }).document;
}

/** The services of a compose file or a stack that are the project's own image. */
export function ownServices({ services }: Document): [name: string, service: Document][] {
  return Object.entries(services as Document).filter(([, { image }]: Document) =>
    image.includes("APP_IMAGE"),
  );
}

/** Names that look like djinit's variables and are none. */
export function unknownVariables(names: readonly string[]): string[] {
  const known = Object.values(VARIABLES).map(({ name }): string => name);
  return names.filter((name) => /^DJINIT_/.test(name) && !known.includes(name));
}

/** What a schema's file refuses of a file of deploy/, or of a document. */
export function refusedBy(schema: string, file: string | object): { document: Document; refused: string[] } {
  const given =
    typeof file === "string" ? { text: readFileSync(join(DEPLOY, file), "utf8") } : { document: file };
  return python({ schema, ...given });
}

function python(given: object): { document: Document; refused: string[] } {
  const { python: program, env } = pythonTools();
  return JSON.parse(run(program, ["-c", READ], { input: JSON.stringify(given), env }));
}

function run(program: string, words: string[], options: { input?: string; env?: NodeJS.ProcessEnv } = {}) {
  const { status, error, stdout, stderr } = spawnSync(program, words, { encoding: "utf8", ...options });
  if (status === 0) return stdout;
  throw new Error(`cannot run ${program}: ${error?.message ?? stderr}`);
}
