// The table of verbs. Dispatch and `djinit help` follow from it; tests compare it with verb-names.ts, with the answers of
// the control socket and with docs/control.md.
import type { Verb } from "./verb.ts";
import { cache } from "./verbs/cache.ts";
import { config } from "./verbs/config.ts";
import { health } from "./verbs/health.ts";
import { help } from "./verbs/help.ts";
import { logs } from "./verbs/logs.ts";
import { reload } from "./verbs/reload.ts";
import { restart } from "./verbs/restart.ts";
import { scale } from "./verbs/scale.ts";
import { start } from "./verbs/start.ts";
import { status } from "./verbs/status.ts";
import { stop } from "./verbs/stop.ts";
import { version } from "./verbs/version.ts";

export const VERBS: readonly Verb[] = [
  {
    name: "status",
    usage: "status [--json] [--watch]",
    flags: { json: "", watch: "" },
    about: "the services: state, PID, CPU, memory, last exit",
    needs: "supervisor",
    run: status,
  },
  {
    name: "health",
    usage: "health [--live] [--verbose] [--json]",
    flags: { live: "", verbose: "", json: "" },
    about: "exit status 0 when ready; --live: when alive",
    needs: "supervisor",
    run: health,
  },
  {
    name: "restart",
    usage: "restart SERVICE",
    operands: [1, 1],
    about: "stop it as the container's stop would, start it anew",
    needs: "supervisor",
    run: restart,
  },
  {
    name: "reload",
    usage: "reload",
    about: "new code and files for every service, as SIGHUP does",
    needs: "supervisor",
    run: reload,
  },
  {
    name: "stop",
    usage: "stop SERVICE",
    operands: [1, 1],
    about: "stop it; it stays so until `start` or `restart`",
    needs: "supervisor",
    run: stop,
  },
  {
    name: "start",
    usage: "start SERVICE",
    operands: [1, 1],
    about: "start what is stopped",
    needs: "supervisor",
    run: start,
  },
  {
    name: "scale",
    usage: "scale gunicorn +1|-1|N",
    operands: [2, 2],
    about: "more or fewer workers, until gunicorn is restarted",
    needs: "supervisor",
    run: scale,
  },
  {
    name: "cache",
    usage: "cache clear",
    operands: [1, 1],
    about: "forget what nginx keeps of the application's answers (DJINIT_CACHE)",
    needs: "supervisor",
    run: cache,
  },
  {
    name: "logs",
    usage: "logs [-f] [SERVICE] [--level LEVEL] [--lines N]",
    operands: [0, 1],
    flags: { follow: "f" },
    values: { level: "", lines: "" },
    about: "the last records, and with -f those that follow",
    needs: "supervisor",
    run: logs,
  },
  {
    name: "migrations",
    usage: "migrations [--json]",
    flags: { json: "" },
    about: "applied, pending and unknown migrations",
    needs: "boot",
    run: async ({ options }) => {
      const { migrations } = await import("../boot/verbs.ts");
      return migrations({ json: options["json"] === true });
    },
  },
  {
    name: "precompress",
    usage: "precompress [--clean]",
    flags: { clean: "" },
    about:
      "compress what is in STATIC_ROOT, so that nginx need not; --clean: only remove what is out of date",
    needs: "boot",
    run: async ({ options }) => {
      const { precompress } = await import("../boot/verbs.ts");
      return precompress({ clean: options["clean"] === true });
    },
  },
  {
    name: "manifest",
    usage: "manifest",
    about: "write down the image's migrations, so that a start need not ask Django for them",
    needs: "boot",
    run: async () => {
      const { manifest } = await import("../boot/verbs.ts");
      return manifest();
    },
  },
  {
    name: "config",
    usage: "config [--json]",
    flags: { json: "" },
    about: "every variable, its value, where it comes from",
    needs: "nothing",
    run: config,
  },
  {
    name: "dump",
    usage: "dump [-o FILE]",
    values: { output: "o" },
    about: "an archive for a bug report, without secrets",
    needs: "nothing",
    run: async (args) => {
      const { dump } = await import("./verbs/dump.ts");
      return dump(args);
    },
  },
  { name: "version", usage: "version", about: "the version", needs: "nothing", run: version },
  {
    name: "help",
    usage: "help",
    about: "every verb and what a CMD may be",
    needs: "nothing",
    run: () => help(VERBS),
  },
];
