// nginx's locations of the probes, in a file that its configuration includes if it exists.
import { NGINX_PROBES_FILE, PROBES_SOCKET } from "../../plan/paths.ts";
import { writeNginxFile } from "./written-file.ts";

const PROBES = ["livez", "readyz", "startupz"];

/** Writes the file, or removes that of an earlier start. */
export function writeNginxProbes(wanted: boolean, run: string): void {
  const locations = PROBES.map(
    (probe) =>
      `location = /-/${probe} {\n    access_log off;\n    proxy_pass http://unix:${PROBES_SOCKET}:/${probe};\n}\n`,
  );
  writeNginxFile(NGINX_PROBES_FILE, wanted ? locations.join("") : undefined, run);
}
