// nginx serves the files of the project where its settings say that they are.
import { existsSync } from "node:fs";
import { DjinitError } from "../../base/errors.ts";
import { VARIABLES } from "../../config/variables.ts";
import type { NginxFacts } from "../../plan/nginx.ts";
import {
  NGINX_MEDIA_FILE,
  NGINX_PREFIX_FILE,
  NGINX_PROTECTED_FILE,
  NGINX_SITE_FILE,
  NGINX_STATIC_FILE,
} from "../../plan/paths.ts";
import type { BootContext } from "../context.ts";
import { djangoEnvironment } from "../django/environment.ts";
import { untilTheyAnswer } from "../files/answering.ts";
import { mediaWalk, ownMediaRoot } from "../files/media-owner.ts";
import { refusal } from "../files/publishable.ts";
import { secretPlaces } from "../files/secret-places.ts";
import { isUndated } from "../files/undated.ts";
import { findManifests } from "../schema/manifest.ts";
import type { SiteFacts } from "../schema/site.ts";
import { fileLocations, prefixLocations, protectedLocation, siteMaps } from "./locations.ts";
import { leaveUncompressed, removeStale, takePrecompressed } from "./precompressed.ts";
import { decideSite, directoryOf, type ServedSite } from "./served-files.ts";
import { writeNginxFile } from "./written-file.ts";

export interface SiteCheck
  extends Pick<
    BootContext,
    "config" | "environment" | "gathered" | "isRoot" | "log" | "observer" | "signal" | "sources"
  > {
  runAsPrefix: readonly string[];
  /** What serves as /run. */
  run: string;
  /** Whether nginx takes its files as they are now. Errors: DJINIT_NGINX_CONFIGURATION and others. */
  check: () => Promise<NginxFacts>;
}

export interface Site {
  /** What nginx has said of its files before anything depends on them. */
  checked: Promise<NginxFacts>;
  /** The same, once all has been found out that will be. */
  settle: () => Promise<NginxFacts>;
}

/**
 * Writes nginx's files for what is known of the site, and has nginx check them; does it again if Django tells more. Errors:
 * those of `check`.
 */
export function serveSite(context: SiteCheck): Site {
  const { gathered, isRoot } = context;
  lookForSite(context);
  const known = gathered.site;
  const checked = untilTheyAnswer(rootsOf(known), context).then(() => checkWithSite(known, context));
  return {
    checked,
    settle: async () => {
      const now = gathered.site;
      const isNew = JSON.stringify(now) !== JSON.stringify(known);
      if (isNew) await untilTheyAnswer(rootsOf(now), context);
      const distrusted = await cleanStatic(context);
      const isToCheck = isNew || distrusted.size > 0;
      const facts = isToCheck
        ? await checkWithSite(now, context, { distrusted, isTold: !isNew })
        : await checked;
      warnOfMissingFiles(now, context);
      if (isRoot) await ownUploads(now, context);
      return facts;
    },
  };
}

function rootsOf(facts: SiteFacts | undefined): (string | null | undefined)[] {
  return [facts?.static.root, facts?.media.root];
}

/** What is beside static files and out of date is removed. Returns the directories where it is still there. */
export function cleanStatic(context: Omit<SiteCheck, "check">): Promise<Set<string>> {
  const { config, gathered } = context;
  const uploads = config.mediaRoot ?? gathered.site?.media.root ?? undefined;
  return removeStale(decided(gathered.site, context).site, uploads, context);
}

/**
 * Where no step needs the manifest, it may tell of the site nevertheless. One whose settings are not proven to be those of
 * today still tells more than nothing; Django's own word comes later and wins.
 */
export function lookForSite({
  config,
  environment,
  gathered,
  observer,
  runAsPrefix,
}: Omit<SiteCheck, "check">): void {
  if (gathered.site !== undefined) return;
  const [first] = findManifests(djangoEnvironment(config, environment, runAsPrefix)).candidates;
  if (first?.manifest.facts.site !== undefined) observer.onSite(first.manifest.facts.site);
}

/** One that stays another's may well be meant so: a volume that is only read. */
async function ownUploads(facts: SiteFacts | undefined, context: SiteCheck): Promise<void> {
  const { config, log, signal, sources } = context;
  const { appDirectory, mediaRoot, protectedRoot } = config;
  const secrets = secretPlaces(config, sources);
  const own = async (path: string | null | undefined, variable?: string): Promise<void> => {
    if (typeof path !== "string") return;
    try {
      await ownMediaRoot(path, appDirectory, { secrets, variable }, mediaWalk(context));
    } catch (error) {
      signal.throwIfAborted();
      log.warn({ path }, (error as Error).message);
    }
  };
  if (mediaRoot === undefined) await own(facts?.media.root, VARIABLES.mediaRoot.name);
  await own(mediaRoot);
  await own(protectedRoot);
}

/** A location that is in the user's files too is left to those. */
async function checkWithSite(
  facts: SiteFacts | undefined,
  context: SiteCheck,
  { distrusted = new Set(), isTold = false }: { distrusted?: ReadonlySet<string>; isTold?: boolean } = {},
): Promise<NginxFacts> {
  const { config, log, check } = context;
  const { site, problems } = decided(facts, context);
  takePrecompressed(site.static, config.appDirectory, distrusted);
  for (const root of site.static?.roots ?? [])
    if (isUndated(directoryOf(root, config.appDirectory))) root.undated = true;
  for (const { setting, value, problem } of isTold ? [] : problems)
    log.warn({ variable: setting, value }, `${setting} is ${JSON.stringify(value)}, ${problem}`);
  for (;;) {
    writeSite(site, context.run);
    try {
      return await check();
    } catch (error) {
      if (!leaveToUser(site, error)) return await withoutFacts(facts, error, context);
    }
  }
}

function decided(
  facts: SiteFacts | undefined,
  { config }: Pick<SiteCheck, "config">,
): ReturnType<typeof decideSite> {
  const { appDirectory } = config;
  return decideSite({ config, facts, refusal: (directory) => refusal(directory, appDirectory) });
}

/** Files of the user's that do not go with what the settings say: as it was before djinit asked them. */
async function withoutFacts(
  facts: SiteFacts | undefined,
  error: unknown,
  { config, log, run, check }: SiteCheck,
): Promise<NginxFacts> {
  const isRefused = error instanceof DjinitError && error.code === "DJINIT_NGINX_CONFIGURATION";
  if (facts === undefined || !isRefused) throw error;
  writeSite(decideSite({ config, facts: undefined, refusal: () => undefined }).site, run);
  const checked = await check().catch(() => {
    throw error;
  });
  log.warn({ cause: error.message }, `nginx does not follow the settings about files: ${error.message}`);
  return checked;
}

/** Removes the location that nginx has found twice. False: that is not what it complains of. */
function leaveToUser(site: ServedSite, error: unknown): boolean {
  if (!(error instanceof DjinitError)) return false;
  if (leaveUncompressed(site.static, error.message)) return true;
  const twice = /duplicate location "(.+?)" in /.exec(error.message)?.[1];
  if (twice !== undefined && (twice === site.scriptName || twice === `${site.scriptName}/`)) {
    delete site.scriptName;
    return true;
  }
  for (const files of [site.static, site.media]) {
    if (twice === undefined || !files?.prefixes.includes(twice)) continue;
    files.prefixes = files.prefixes.filter((prefix) => prefix !== twice);
    return true;
  }
  return false;
}

function writeSite(site: ServedSite, run: string): void {
  const { static: statics, media, scriptName, protectedRoot } = site;
  const write = (path: string, text: string | undefined): void => writeNginxFile(path, text, run);
  write(NGINX_SITE_FILE, siteMaps(site));
  write(NGINX_STATIC_FILE, statics && fileLocations("static", statics));
  write(NGINX_MEDIA_FILE, media && fileLocations("media", media));
  write(NGINX_PROTECTED_FILE, protectedRoot && protectedLocation(protectedRoot));
  write(NGINX_PREFIX_FILE, scriptName && prefixLocations(scriptName));
}

/** Says so where static files are to lie in a directory that nothing has made: every one of them is a 404. */
function warnOfMissingFiles(facts: SiteFacts | undefined, { config, log }: SiteCheck): void {
  const root = config.staticRoot ?? collectedRoot(facts);
  if (root === undefined || config.staticUrl === "none" || existsSync(root)) return;
  const setting = config.staticRoot === undefined ? "STATIC_ROOT" : "DJINIT_STATIC_ROOT";
  log.warn(
    { variable: setting, value: root },
    `${setting} is ${root}, which does not exist: collectstatic was not run, and static files are not found; run it when the image is built, or set RUN_COLLECTSTATIC=1`,
  );
}

/** Where browsers ask here for what `collectstatic` has made. With a host they ask elsewhere; WhiteNoise warns by itself. */
function collectedRoot(facts: SiteFacts | undefined): string | undefined {
  if (facts === undefined) return undefined;
  const { url, root, in_files, collected, by_application } = facts.static;
  const isAskedHere = url?.startsWith("/") === true && !url.startsWith("//");
  return collected && in_files && !by_application && isAskedHere ? (root ?? undefined) : undefined;
}
