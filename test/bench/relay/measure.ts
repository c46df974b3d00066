// Runs the relay in a process of its own, on one processor; writers and readers have the other.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { SMALL_HEAP } from "../../../src/base/node-options.ts";
import type { LineKind } from "./lines.ts";

export interface SubjectOptions {
  writers: { service: string; argv: string[] }[];
  /** Numbers of lines at which private memory is read. */
  sampleAt: number[];
}

export interface SubjectFigures {
  lines: number;
  /** From the first byte to the end. */
  seconds: number;
  /** User and system. */
  cpuSeconds: number;
  privateMb: number[];
}

export interface CheckerFigures {
  /** Lines of each writer that came in their turn. */
  counts: number[];
  /** Lines that were not whole or not the next one. */
  faults: number;
  firstFault: string;
  /** p50, p99, max. */
  latenciesMs: Record<string, number>;
}

const SUBJECT_CPU = "0";
const OTHERS_CPU = "1";
const QUIET = "--disable-warning=ExperimentalWarning";
const SERVICES: Record<LineKind, string> = {
  access: "nginx",
  gunicorn: "gunicorn",
  celery: "celery-worker",
};

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

export interface Load {
  kinds: LineKind[];
  linesEach: number;
  linesASecond?: number;
  sampleAt?: number[];
}

/** The programs of a checkout, bundled as they are in the image. Call `remove` when all is measured. */
export async function buildPrograms(checkout = ROOT): Promise<{ directory: string; remove: () => void }> {
  const directory = mkdtempSync(join(tmpdir(), "djinit-bench-relay-"));
  await build({
    entryPoints: ["subject", "copy", "writer", "checker"].map((name) =>
      join(checkout, "test/bench/relay", `${name}.ts`),
    ),
    outdir: directory,
    outExtension: { ".js": ".cjs" },
    bundle: true,
    platform: "node",
    target: "node26",
    format: "cjs",
    minify: true,
    logLevel: "warning",
  });
  return { directory, remove: () => rmSync(directory, { recursive: true, force: true }) };
}

function writerWords(directory: string, load: Load, writer: number): string[] {
  const kind = load.kinds[writer] as LineKind;
  const rate = String(load.linesASecond ?? 0);
  return [
    ...["taskset", "--cpu-list", OTHERS_CPU, process.execPath, `${directory}/writer.cjs`],
    ...[kind, String(writer), String(load.linesEach), rate],
  ];
}

function subjectWords(directory: string, load: Load): string[] {
  const options: SubjectOptions = {
    writers: load.kinds.map((kind, writer) => ({
      service: SERVICES[kind],
      argv: writerWords(directory, load, writer),
    })),
    sampleAt: load.sampleAt ?? [],
  };
  return [
    ...["taskset", "--cpu-list", SUBJECT_CPU, process.execPath, QUIET, ...SMALL_HEAP],
    ...[`${directory}/subject.cjs`, JSON.stringify(options)],
  ];
}

function copyWords(directory: string): string[] {
  return ["taskset", "--cpu-list", SUBJECT_CPU, process.execPath, `${directory}/copy.cjs`];
}

/** The relay, with a reader that throws all away. */
export function measureSubject(directory: string, load: Load): Promise<SubjectFigures> {
  const script = 'exec 4>&1; "$@" 3>&4 4>&- | taskset --cpu-list "$READER_CPU" cat > /dev/null 3>&- 4>&-';
  return runShell<SubjectFigures>(script, subjectWords(directory, load));
}

/** A bare copy, fed by the same writer and read by the same reader. */
export function measureCopy(
  directory: string,
  load: Load,
): Promise<Pick<SubjectFigures, "seconds" | "cpuSeconds">> {
  const writer = writerWords(directory, load, 0);
  // `eval` makes words of what was quoted into one.
  const script =
    'exec 4>&1; eval "$1" 4>&- | eval "$2" 3>&4 4>&- | taskset --cpu-list "$READER_CPU" cat > /dev/null';
  return runShell(script, [quoted(writer), quoted(copyWords(directory))]);
}

/** The relay, or a copy of its first writer, with a reader that looks at every line. */
export async function checkSubject(
  directory: string,
  load: Load,
  what: "relay" | "copy",
): Promise<SubjectFigures & CheckerFigures> {
  const checker = [
    ...["taskset", "--cpu-list", OTHERS_CPU, process.execPath, `${directory}/checker.cjs`],
    ...[JSON.stringify(load.kinds), load.linesASecond === undefined ? "" : "latency"],
  ];
  const script = 'exec 4>&1; { eval "$1" 3>&4; echo >&4; } | eval "$2" 3>&4';
  const source =
    what === "relay"
      ? quoted(subjectWords(directory, load))
      : `${quoted(writerWords(directory, load, 0))} | ${quoted(copyWords(directory))}`;
  const text = await runText(script, [source, quoted(checker)]);
  const found = text.split("\n").filter((line) => line !== "");
  return Object.assign({}, ...found.map((line) => JSON.parse(line) as object)) as SubjectFigures &
    CheckerFigures;
}

/** The words as a shell's own text. */
function quoted(words: readonly string[]): string {
  return words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
}

async function runShell<Figures>(script: string, words: readonly string[]): Promise<Figures> {
  return JSON.parse(await runText(script, words)) as Figures;
}

async function runText(script: string, words: readonly string[]): Promise<string> {
  const child = spawn("bash", ["-c", script, "bash", ...words], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, READER_CPU: OTHERS_CPU },
  });
  child.stdout.setEncoding("utf8");
  let text = "";
  for await (const chunk of child.stdout) text += chunk;
  return text;
}
