import { canInstallPackages } from "./apt.ts";
import { causeOf, type Ran, run } from "./command.ts";
import { installEngine, startEngine } from "./engine-install.ts";
import { say } from "./say.ts";

export type EngineAnswer = "answers" | "no client" | "no engine" | "denied" | "other";

/** The result of `docker version`, in one word. */
export function readAnswer(ran: Pick<Ran, "ok" | "missing" | "stderr">): EngineAnswer {
  if (ran.ok) return "answers";
  if (ran.missing) return "no client";
  if (/permission denied/i.test(ran.stderr)) return "denied";
  if (/cannot connect|failed to connect|is the docker daemon running/i.test(ran.stderr)) return "no engine";
  return "other";
}

/**
 * Makes sure that a Docker engine answers. A running one is left alone. If there is none, on Debian and as root, it is
 * installed from Debian's archive and started. Errors: there is no engine; the message names the way out.
 */
export async function ensureEngine(): Promise<void> {
  const ran = await askEngine();
  const answer = readAnswer(ran);
  if (answer === "answers") return;
  if (answer === "denied") {
    throw new Error(
      "cannot use the Docker engine: permission denied; run this as root or as a member of the group docker",
    );
  }
  if (answer === "other") throw new Error(`cannot use the Docker engine: ${causeOf(ran)}`);
  if (await isElsewhere()) {
    throw new Error(
      `cannot reach the Docker engine that DOCKER_HOST or the docker context names: ${causeOf(ran)}; ` +
        "start it, or unset DOCKER_HOST and run `docker context use default`",
    );
  }
  if (!canInstallPackages()) {
    throw new Error(
      "cannot find a Docker engine: none answers, and it can be installed here only as root on Debian; " +
        "start Docker, install it (https://docs.docker.com/engine/install/), or run this as root on Debian",
    );
  }
  say("No Docker engine answers");
  await installEngine();
  await startEngine(async () => readAnswer(await askEngine()) === "answers");
}

function askEngine(): Promise<Ran> {
  return run("docker", ["version", "--format", "{{.Server.Version}}"], { timeoutMs: 20_000 });
}

/** Whether the client is set to an engine on another machine, which cannot be installed here. */
async function isElsewhere(): Promise<boolean> {
  const host = process.env.DOCKER_HOST ?? "";
  if (host !== "") return !/^unix:\/\/(\/var)?\/run\/docker\.sock$/.test(host);
  const context = await run("docker", ["context", "show"]);
  return context.ok && context.stdout !== "default";
}
