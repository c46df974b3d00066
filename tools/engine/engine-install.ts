import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { installPackages, knownPackages } from "./apt.ts";
import { causeOf, run } from "./command.ts";
import { say, secondsSince } from "./say.ts";

const LOG = "/var/log/dockerd.log";
/** The first start creates storage, networks and certificates. It usually takes 2 s. */
const START_TIMEOUT_MS = 60_000;
const POLL_MS = 250;
/** The engine and the programs it calls are in /usr/sbin, which is not on every root's PATH. */
const ENV = { PATH: `${process.env.PATH ?? "/usr/bin:/bin"}:/usr/local/sbin:/usr/sbin:/sbin` };

/** Installs the engine from Debian's archive, and the client if it is missing, too. Errors: apt-get failed. */
export async function installEngine(): Promise<void> {
  const hasEngine = await isCommand("dockerd");
  const hasClient = await isCommand("docker");
  if (hasEngine && hasClient) return;
  say("Installing Docker's engine from Debian's packages (docker.io)");
  const needed = ["docker.io", "iptables", "ca-certificates"];
  // Its own package from Debian 13 on, part of docker.io before.
  if (!hasClient) needed.push(...(await knownPackages(["docker-cli"])));
  if (!runsSystemd() && !hasCgroups()) needed.push(...(await knownPackages(["cgroupfs-mount"])));
  await installPackages(needed);
}

/** Starts the engine and waits until `answers` is true. Errors: it ended, or did not answer within 60 s; with its log. */
export async function startEngine(answers: () => Promise<boolean>): Promise<void> {
  const startMs = performance.now();
  let ended: () => boolean = () => false;
  if (runsSystemd()) {
    say("Starting the Docker engine (systemctl start docker)");
    const ran = await run("systemctl", ["start", "docker"], { timeoutMs: START_TIMEOUT_MS });
    if (!ran.ok)
      throw new Error(`cannot start the Docker engine: ${causeOf(ran)}; see \`journalctl -u docker\``);
  } else if (isAlreadyStarting()) {
    say("Waiting for the Docker engine, which is starting");
  } else {
    say(`Starting the Docker engine (dockerd, its log is ${LOG})`);
    if (!hasCgroups() && existsSync("/usr/bin/cgroupfs-mount")) await run("cgroupfs-mount", [], { env: ENV });
    ended = spawnDetached("dockerd");
  }
  while (!(await answers())) {
    if (ended()) throw new Error(`cannot start the Docker engine: dockerd ended\n${logTail()}`);
    if (performance.now() - startMs > START_TIMEOUT_MS) {
      throw new Error(
        `cannot start the Docker engine: no answer within ${START_TIMEOUT_MS / 1000} s\n${logTail()}`,
      );
    }
    await delay(POLL_MS);
  }
  say(`The Docker engine answers (${secondsSince(startMs)})`);
}

/** Starts a program that outlives this one, with its own session and stdio. Returns a function that tells if it has ended. */
function spawnDetached(file: string): () => boolean {
  const log = openSync(LOG, "a");
  let ended = false;
  const child = spawn(file, [], {
    detached: true,
    stdio: ["ignore", log, log],
    cwd: "/",
    env: { ...process.env, ...ENV },
  });
  child.once("error", () => {
    ended = true;
  });
  child.once("exit", () => {
    ended = true;
  });
  child.unref();
  closeSync(log);
  return () => ended;
}

/** An init script of the package may have started it before us. */
function isAlreadyStarting(): boolean {
  const pidFile = "/var/run/docker.pid";
  if (!existsSync(pidFile)) return false;
  const comm = `/proc/${readFileSync(pidFile, "utf8").trim()}/comm`;
  return existsSync(comm) && readFileSync(comm, "utf8").trim() === "dockerd";
}

function runsSystemd(): boolean {
  return existsSync("/run/systemd/system");
}

function hasCgroups(): boolean {
  return /^\S+ \S+ cgroup2? /m.test(readFileSync("/proc/mounts", "utf8"));
}

async function isCommand(name: string): Promise<boolean> {
  return (await run("sh", ["-c", `command -v ${name}`], { env: ENV })).ok;
}

function logTail(): string {
  if (!existsSync(LOG)) return "";
  return readFileSync(LOG, "utf8").trimEnd().split("\n").slice(-15).join("\n");
}
