// The Python that is started before the libraries of the boot are loaded: gunicorn, and what imports the settings.
import { isDeepStrictEqual } from "node:util";
import { forApplication } from "../plan/environment.ts";
import type { Plan, ServicePlan } from "../plan/plan.ts";
import { splitWrapper } from "../plan/words/wrappers.ts";
import { confinementWords } from "../platform/confinement/rules.ts";
import type { BootContext } from "./context.ts";
import { foretellReading } from "./database/foretell.ts";
import { type EarlyReader, readSettingsEarly } from "./django/early-reader.ts";
import { djangoEnvironment } from "./django/environment.ts";
import { canFork, type ForkOrder, orderFork } from "./django/forked-reader.ts";
import { type EarlyService, startEarly } from "./gunicorn/early.ts";
import { gunicornFile } from "./gunicorn/file.ts";
import { mayHold } from "./gunicorn/hold.ts";
import { confinedProgram } from "./hooks/confined.ts";

export interface EarlyPython {
  /** Waits at its gate, where it has one. */
  gunicorn?: EarlyService | undefined;
  /** Imports the settings, where it is certain that they will be asked for. */
  reader?: EarlyReader | undefined;
}

/** `runAsPrefix` stands before a command so that it runs as user django. Errors: throws when no descriptor is left. */
export function startPython(context: BootContext, plan: Plan, runAsPrefix: string[]): EarlyPython {
  const { config, environment, steps } = context;
  const reading = foretellReading(steps, config, environment);
  const gunicorn = plan.services.find(({ name }) => name === "gunicorn");
  const order = (own: NodeJS.ProcessEnv): ForkOrder | undefined => {
    if (reading === undefined || gunicorn === undefined || !isAlike(gunicorn, config)) return undefined;
    const wanted = djangoEnvironment(config, environment, runAsPrefix);
    return canFork(own, wanted) ? orderFork(wanted, reading.loads, { holds: mayHold(context) }) : undefined;
  };
  // Only with the usual socket, and a file that waits at the gate. An agent may import the settings before that.
  const isFree = gunicorn !== undefined && splitWrapper(gunicorn.argv).wrapper.length === 0;
  const started =
    isFree && gunicorn.sockets !== undefined && gunicornFile("waits")
      ? startEarly(gunicorn, forApplication(environment, plan.bootOnly), {
          orderFork: order,
          // Some look for static files when they are loaded.
          mayGoAhead: mayHold(context) && !steps.steps.includes("collectstatic"),
        })
      : undefined;
  if (started?.reader !== undefined || reading === undefined) return started ?? {};
  return { ...started, reader: readSettingsEarly(config, environment, runAsPrefix) };
}

/** Whether gunicorn is where a step in Django would be, may reach no more, and leaves no core file with what a step knows. */
function isAlike({ confinement, cwd }: ServicePlan, config: BootContext["config"]): boolean {
  const confined = confinement === undefined ? [] : confinementWords(confinement);
  return (
    !config.coreFiles && cwd === config.appDirectory && isDeepStrictEqual(confined, confinedProgram(config))
  );
}
