// An archive for a bug report: what djinit, the kernel, nginx and the processes say at this moment, without secrets.
import { closeSync, constants, openSync, readFileSync, writeSync } from "node:fs";
import { availableParallelism, release } from "node:os";
import { DjinitError } from "../../base/errors.ts";
import { VERSION } from "../../base/version.ts";
import { loadConfig } from "../../config/load.ts";
import type { Health, Status } from "../../control/protocol.ts";
import { PRIVATE_PARENTS, RUN_DIRECTORY } from "../../plan/paths.ts";
import { filesFor } from "../../platform/files/files-of-root.ts";
import { takeGivenEnvironment, workingDirectory } from "../../platform/given-environment.ts";
import { findPrivateDirectory } from "../../platform/private-directory.ts";
import type { Arguments } from "../arguments.ts";
import { ask } from "../ask-control.ts";
import { askMetrics, askRecords, beRootAgain } from "../dump/asked.ts";
import { describeCgroup } from "../dump/cgroup.ts";
import { masked, secretsOf } from "../dump/masked.ts";
import { describeNginx } from "../dump/nginx-files.ts";
import { describeProcesses } from "../dump/processes.ts";
import { describeStacks } from "../dump/stacks.ts";
import { archive, type Part } from "../dump/tar.ts";
import { describeVariables } from "./config.ts";

const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** Writes it to a new file, or to stdout. What cannot be had is named in about.json. Exit status 0. */
export async function dump({ options }: Arguments): Promise<number> {
  const output = openOutput(options["output"]);
  const loaded = loadConfig(takeGivenEnvironment(), workingDirectory(), filesFor(process.getuid?.() === 0));
  const run = findPrivateDirectory(PRIVATE_PARENTS) ?? RUN_DIRECTORY;
  const at = new Date();
  const secrets = secretsOf(loaded);
  const clean = (text: string): string => masked(text, secrets);
  const parts: Part[] = [];
  const missing: Record<string, string> = {};
  const add = async (name: string, tell: () => unknown): Promise<void> => {
    try {
      const told = await tell();
      const text = typeof told === "string" ? told : `${JSON.stringify(told, undefined, 2)}\n`;
      parts.push({ name, text: clean(text) });
    } catch (error) {
      missing[name] = (error as Error).message;
    } finally {
      beRootAgain();
    }
  };
  await add("processes.txt", () => describeProcesses(clean));
  await add("cgroup.txt", describeCgroup);
  let services: Status["services"] = [];
  await add("status.json", async () => {
    const status = await ask<Status>({ verb: "status" });
    services = status.services;
    return status;
  });
  await add("stacks.txt", () => describeStacks(services, run, clean));
  await add("health.json", () => ask<Health>({ verb: "health" }));
  await add("records.jsonl", askRecords);
  await add("metrics.txt", () => askMetrics(loaded.config.adminPort, loaded.config.adminAddress));
  await add("config.json", () => describeVariables(loaded));
  await add("problems.json", () => loaded.problems.map(({ problem }) => problem));
  await add("nginx.txt", () => describeNginx(run));
  await add("about.json", () => describe(at, missing));
  await output(archive(`djinit-dump-${at.toISOString().slice(0, 19).replaceAll(":", "")}`, parts, at));
  return 0;
}

function describe(at: Date, missing: Record<string, string>) {
  return {
    time: at.toISOString(),
    djinit: VERSION,
    node: process.version,
    architecture: process.arch,
    kernel: release(),
    system: /^PRETTY_NAME="?(.*?)"?$/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? null,
    processors: availableParallelism(),
    asked_by: process.getuid?.(),
    missing,
  };
}

/** Opened before anything is gathered. Errors: DJINIT_BAD_USAGE for a terminal, or a file that cannot be made. */
function openOutput(path: string | boolean | undefined): (data: Buffer) => Promise<void> {
  if (typeof path === "string") {
    const fd = openNew(path);
    return async (data) => {
      for (let at = 0; at < data.length; ) at += writeSync(fd, data, at);
      closeSync(fd);
    };
  }
  if (process.stdout.isTTY)
    throw refused(
      "to a terminal: say `djinit dump -o FILE`, or send it to a file outside: `docker exec C djinit dump > FILE`",
    );
  return async (data) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    process.stdout.write(data, (error) => (error ? reject(error) : resolve()));
    await promise;
  };
}

function openNew(path: string): number {
  try {
    return openSync(path, NEW_FILE, 0o600);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw refused(`to ${JSON.stringify(path)}: ${code === "EEXIST" ? "it is there already" : message}`);
  }
}

const refused = (cause: string) => new DjinitError("DJINIT_BAD_USAGE", `cannot write the archive ${cause}`);
