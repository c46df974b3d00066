// podman by its command line: images, pods, and how their containers end.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { causeOf, run } from "../../tools/engine/command.ts";
import { ensurePodman } from "../../tools/engine/podman.ts";
import { eventually } from "../support/eventually.ts";

const env = await ensurePodman();

export const tryPodman = (words: readonly string[]) => run("podman", words, { env, timeoutMs: 300_000 });

/** Returns what it says. Errors: its own. */
export async function podman(words: readonly string[], input?: string): Promise<string> {
  const ran = await run("podman", words, {
    env,
    timeoutMs: 300_000,
    ...(input === undefined ? {} : { input }),
  });
  if (!ran.ok)
    throw new Error(`cannot run podman ${words.slice(0, 3).join(" ")}: ${causeOf(ran)}\n${ran.all}`);
  return ran.stdout.trim();
}

/** From Docker's images, with which podman shares nothing. */
export async function loadImage(tag: string): Promise<void> {
  const file = `/tmp/djinit-podman-${process.pid}.tar`;
  try {
    const saved = await run("docker", ["save", "--output", file, tag], { timeoutMs: 300_000 });
    if (!saved.ok) throw new Error(`cannot save ${tag}: ${causeOf(saved)}`);
    await podman(["load", "--input", file]);
  } finally {
    await run("rm", ["-f", file]);
  }
}

/** By a file: podman takes no socket for standard input, and that is what Node's pipes are. */
export async function createSecret(name: string, contents: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "djinit-podman-"));
  try {
    const file = join(folder, "secret");
    writeFileSync(file, contents);
    await podman(["secret", "create", name, file]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export const logsOf = async (container: string): Promise<string> =>
  (await tryPodman(["logs", container])).all;

/** Waits for it to end by itself or by a stop. Errors: not in time, or with another status than 0. */
export async function endsClean(container: string, timeoutMs: number): Promise<void> {
  const state = await eventually(
    async () => {
      const said = await podman(["inspect", "--format", "{{.State.Status}} {{.State.ExitCode}}", container]);
      return said.startsWith("exited") ? said : false;
    },
    { what: `${container} ends`, timeoutMs, intervalMs: 500, attach: () => logsOf(container) },
  );
  if (state !== "exited 0") throw new Error(`${container} ${state}, not 0\n${await logsOf(container)}`);
  console.log(`${container}: ended with 0`);
}

/** The number of times that podman has started the container anew. */
export const restartsOf = async (container: string): Promise<number> =>
  Number(await podman(["inspect", "--format", "{{.RestartCount}}", container]));
