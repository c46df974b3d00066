import { existsSync, readdirSync } from "node:fs";
import { execa } from "execa";
import { canInstallPackages, installPackages } from "../engine/apt.ts";
import { run } from "../engine/command.ts";
import { hostSourcesFor } from "../engine/debian-mirrors.ts";
import { docker, dockerEnv } from "../engine/docker.ts";
import { limitTime } from "../engine/time-limit.ts";
import { STAND_IN_LABEL } from "./stand-in-label.ts";

const SUITE = "trixie";
const CA_DIR = "/usr/local/share/ca-certificates";
const BUILD_TIMEOUT_MS = 10 * 60_000;

/**
 * Makes an image like `debian:trixie-slim` from Debian's archive, with ca-certificates and this machine's own
 * certificate authorities (a machine that reaches no image registry often sits behind a proxy that needs them).
 * Errors: mmdebstrap cannot be installed, or fails.
 */
export async function makeDebianStandIn(tag: string): Promise<void> {
  if (!(await run("mmdebstrap", ["--version"])).ok) {
    if (!canInstallPackages()) {
      throw new Error(
        `cannot make a stand-in for ${tag}: mmdebstrap is missing and can be installed here only as root on Debian; ` +
          `install it, or bring the image yourself (\`docker load\`)`,
      );
    }
    await installPackages(["mmdebstrap", "debian-archive-keyring"]);
  }
  const bootstrap = execa(
    "mmdebstrap",
    [...bootstrapArgs(), ...(await dateChecks()), SUITE, "-", ...(await hostSourcesFor(SUITE))],
    {
      buffer: { stdout: false },
      reject: false,
    },
  );
  const limit = limitTime(bootstrap.pid, BUILD_TIMEOUT_MS);
  const change = ["--change", 'CMD ["bash"]', "--change", `LABEL ${STAND_IN_LABEL}=${tag}`];
  const imported = await bootstrap.pipe("docker", ["import", ...change, "-"], {
    env: await dockerEnv(),
    reject: false,
  });
  const made = await bootstrap;
  limit.cancel();
  if (limit.isOver)
    throw new Error(
      `cannot make a stand-in for ${tag}: mmdebstrap took more than ${BUILD_TIMEOUT_MS / 60_000} min`,
    );
  if (made.failed) throw new Error(`cannot make a stand-in for ${tag}: mmdebstrap failed\n${made.stderr}`);
  if (imported.failed) throw new Error(`cannot import a stand-in for ${tag}: ${imported.stderr}`);
  // Not earlier: half an archive can be imported, too.
  await docker(`tag ${tag}`, ["tag", imported.stdout, tag]);
}

/** If this machine's apt accepts an old snapshot as its mirror, the stand-in's apt has to accept it, too. */
async function dateChecks(): Promise<string[]> {
  const ran = await run("apt-config", [
    "dump",
    "--format",
    "%F %v%n",
    "Acquire::Check-Valid-Until",
    "Acquire::Check-Date",
  ]);
  const off = ran.stdout.split("\n").filter((line) => / (false|no|0)$/i.test(line));
  return off.map((line) => `--aptopt=${line.replace(/ .*/, "")} "false"`);
}

function bootstrapArgs(): string[] {
  const args = ["--variant=minbase", "--include=ca-certificates"];
  if (existsSync(CA_DIR) && readdirSync(CA_DIR).some((name) => name.endsWith(".crt"))) {
    args.push(`--customize-hook=mkdir -p "$1${CA_DIR}" && cp ${CA_DIR}/*.crt "$1${CA_DIR}/"`);
    args.push('--customize-hook=chroot "$1" update-ca-certificates');
  }
  args.push('--customize-hook=rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/*.bin');
  // The official slim images leave these files out, too, now and in later installations.
  for (const dir of ["doc", "man", "info", "locale", "lintian"]) {
    args.push(`--dpkgopt=path-exclude=/usr/share/${dir}/*`);
  }
  args.push("--dpkgopt=path-include=/usr/share/doc/*/copyright");
  return args;
}
