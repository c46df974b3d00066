// podman, which plays Kubernetes' manifests on one machine. Beside a Docker engine, with which it shares nothing.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { canInstallPackages, installPackages } from "./apt.ts";
import { causeOf, run } from "./command.ts";

const FOLDER = join(import.meta.dirname, "../../node_modules/.cache/podman");
const PACKAGES = ["podman", "runc", "catatonit", "netavark", "aardvark-dns"];
/** Works within a container too, where limits cannot be raised and cgroups are not systemd's. */
const SETTINGS = `[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
`;

/** Makes sure that there is podman, as root. Returns the variables that it is to be run with. Errors: it cannot be had. */
export async function ensurePodman(): Promise<Record<string, string>> {
  if ((await run("podman", ["--version"])).missing) {
    if (!canInstallPackages())
      throw new Error("cannot find podman: install it, or run this as root on Debian, where it is installed");
    await installPackages(PACKAGES);
  }
  mkdirSync(FOLDER, { recursive: true });
  const file = join(FOLDER, "containers.conf");
  writeFileSync(file, SETTINGS);
  const env = { CONTAINERS_CONF: file };
  const ran = await run("podman", ["info"], { env });
  if (!ran.ok) throw new Error(`cannot use podman: ${causeOf(ran)}`);
  return env;
}
