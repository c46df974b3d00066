// Where requests wait while another container starts the application anew.
import { HOLD_SOCKET, NGINX_UPSTREAM_FILE } from "../../plan/paths.ts";
import { writeNginxFile } from "./written-file.ts";

/** Writes the file, or removes that of an earlier start. nginx is never to count that server as down, after one refusal say. */
export function writeNginxUpstream(isAlone: boolean, run: string): void {
  writeNginxFile(
    NGINX_UPSTREAM_FILE,
    isAlone ? `server unix:${HOLD_SOCKET} backup max_fails=0 fail_timeout=0;\n` : undefined,
    run,
  );
}
