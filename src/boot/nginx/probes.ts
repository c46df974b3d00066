// The locations of the probes, for nginx: a file that its configuration includes where there is one.
import { rmSync } from "node:fs";
import { NGINX_PROBES_FILE, PROBES_SOCKET } from "../../plan/paths.ts";
import { writeNewFile } from "../../platform/new-file.ts";

const PROBES = ["livez", "readyz", "startupz"];

/** Writes the file, or takes away that of an earlier start. */
export function writeNginxProbes(wanted: boolean): void {
  if (!wanted) return rmSync(NGINX_PROBES_FILE, { force: true });
  const locations = PROBES.map(
    (probe) =>
      `location = /-/${probe} {\n    access_log off;\n    proxy_pass http://unix:${PROBES_SOCKET}:/${probe};\n}\n`,
  );
  writeNewFile(NGINX_PROBES_FILE, locations.join(""), { mode: 0o644 });
}
