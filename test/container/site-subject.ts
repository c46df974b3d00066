// The project of test/fixtures/site, with settings of the test's own.
import { onTestFinished } from "vitest";
import type { Container } from "../support/docker.ts";
import { startProject, startReadyProject } from "./project-subject.ts";
import { type Answer, type Ask, rawRequest } from "./raw-request.ts";

export interface SiteCase {
  /** Of the settings. */
  site?: Record<string, unknown>;
  env?: Record<string, string>;
  files?: Record<string, string>;
  volumes?: string[];
  /** One that has its manifest; else Django is started to collect the static files. */
  image?: string;
  /** Else it is waited for. */
  isNeverReady?: boolean;
}

export interface SiteSubject {
  container: Container;
  ask(path: string, ask?: Ask): Promise<Answer>;
}

/** Removed with the test. */
export async function startSite({
  site = {},
  env,
  image,
  isNeverReady,
  ...more
}: SiteCase): Promise<SiteSubject> {
  const startIt = isNeverReady === true ? startProject : startReadyProject;
  const container = await startIt({
    ...(image === undefined ? { fixture: "site" } : { image }),
    command: ["shop.wsgi:application"],
    publish: [8000],
    env: {
      DJANGO_SETTINGS_MODULE: "shop.settings",
      SKIP_MIGRATIONS: "1",
      ...(image === undefined ? { RUN_COLLECTSTATIC: "1" } : {}),
      SITE: JSON.stringify(site),
      ...env,
    },
    ...more,
  });
  onTestFinished(() => container.rm());
  return { container, ask: async (path, options) => rawRequest(await container.port(8000), path, options) };
}

/** What its records warn of. */
export async function warningsOf(container: Container): Promise<string[]> {
  return (await container.records()).filter(({ level }) => level === "warn").map(({ msg }) => String(msg));
}
