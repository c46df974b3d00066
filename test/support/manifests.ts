// The manifests of deploy/kubernetes as Kustomize builds them, and what Kubernetes' own schemas say of them.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { pythonTools } from "../../tools/python/environment.ts";

const FOLDER = join(import.meta.dirname, "../../deploy/kubernetes");
/** Where a machine has no kubectl: the same program. Its modules come through Go's own checks. */
const KUSTOMIZE = "sigs.k8s.io/kustomize/kustomize/v5@v5.7.1";
const GO_PROGRAMS = join(import.meta.dirname, "../../node_modules/.cache/kustomize");

// biome-ignore lint/suspicious/noExplicitAny: manifests are looked at by many paths
export type Manifest = any;

export interface Built {
  documents: Manifest[];
  /** What a version's strict schema refuses, as `VERSION KIND/NAME: reason`. */
  refused: string[];
  /** Kinds that Kubernetes itself does not have. */
  foreign: string[];
}

const VALIDATE = `
import json, sys, yaml, kubernetes_validate as schemas
documents = [it for it in yaml.safe_load_all(sys.stdin) if it is not None]
refused, foreign = [], set()
for version in sys.argv[1:]:
    for it in documents:
        name = f"{it['kind']}/{it['metadata']['name']}"
        try:
            schemas.validate(it, version, strict=True)
        except schemas.SchemaNotFoundError:
            foreign.add(it["kind"])
        except schemas.ValidationError as error:
            refused.append(f"{version} {name}: {error.message}")
json.dump({"documents": documents, "refused": refused, "foreign": sorted(foreign)}, sys.stdout)
`;

/** Builds an overlay, with these components. Errors: Kustomize's own, or one that says that there is none. */
export function build(folder: string): string {
  const path = join(FOLDER, folder);
  const [program, ...words] = kustomize();
  return run(program as string, [...words, path]);
}

export function validate(yaml: string, versions: readonly string[]): Built {
  const { python, env } = pythonTools();
  return JSON.parse(run(python, ["-c", VALIDATE, ...versions], { input: yaml, env })) as Built;
}

function kustomize(): string[] {
  if (isThere("kubectl")) return ["kubectl", "kustomize"];
  if (isThere("kustomize")) return ["kustomize", "build"];
  const program = join(GO_PROGRAMS, "kustomize");
  if (!existsSync(program))
    run("go", ["install", KUSTOMIZE], { env: { ...process.env, GOBIN: GO_PROGRAMS } });
  return [program, "build"];
}

function isThere(program: string): boolean {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, program)));
}

function run(
  program: string,
  words: string[],
  options: { input?: string; env?: NodeJS.ProcessEnv } = {},
): string {
  const { status, error, stdout, stderr } = spawnSync(program, words, {
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    ...options,
  });
  if (status === 0) return stdout;
  throw new Error(`cannot run ${program} ${words[0]}: ${error?.message ?? stderr}`);
}
