// nginx's locations of the probes, in a file that its configuration includes if it exists.
import { rmSync } from "node:fs";
import { NGINX_PROBES_FILE, PROBES_SOCKET, placedIn } from "../../plan/paths.ts";
import { writeNewFile } from "../../platform/new-file.ts";

const PROBES = ["livez", "readyz", "startupz"];

/** Writes the file, or removes that of an earlier start. */
export function writeNginxProbes(wanted: boolean, run: string): void {
  const [file, socket] = [placedIn(run, NGINX_PROBES_FILE), placedIn(run, PROBES_SOCKET)];
  if (!wanted) return rmSync(file, { force: true });
  const locations = PROBES.map(
    (probe) =>
      `location = /-/${probe} {\n    access_log off;\n    proxy_pass http://unix:${socket}:/${probe};\n}\n`,
  );
  writeNewFile(file, locations.join(""), { mode: 0o644 });
}
