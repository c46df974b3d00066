// The steps of the boot's second half, a bundle of its own: with it come the libraries of the boot but pino.
export { beginDjangoSteps } from "./database/steps.ts";
export { giveStdioTo } from "./files/command-stdio.ts";
export { ownMediaDirectories } from "./files/media-owner.ts";
export { readinessRequest } from "./gunicorn/readiness.ts";
export { handOver } from "./hand-over.ts";
export { writeClientKey, writeNginxClients } from "./nginx/clients.ts";
export { checkNginx, refuseTakenPorts } from "./nginx/configuration.ts";
export { withLimits } from "./nginx/limits.ts";
export { writeNginxListen } from "./nginx/listen.ts";
export { writeNginxProbes } from "./nginx/probes.ts";
export { writeNginxRoot } from "./nginx/root.ts";
export { cleanStatic, lookForSite, serveSite } from "./nginx/site.ts";
export { planTls, withTls } from "./nginx/tls.ts";
export { writeNginxUpstream } from "./nginx/upstream.ts";
export { prepareHooks } from "./own-hooks.ts";
export { clientKey } from "./pod/meet.ts";
export { writeTold } from "./pod/told.ts";
export { runReleaseLine } from "./release-line.ts";
