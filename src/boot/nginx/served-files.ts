// Which files of the project nginx serves, and below which URLs. Pure.
import { basename, dirname, join, relative } from "node:path";
import { fitsNginx } from "../../config/nginx-text.ts";
import type { Header } from "../../config/requests/types.ts";
import type { Config } from "../../config/variables.ts";
import type { Encoding } from "../precompressed/siblings.ts";
import type { SiteFacts } from "../schema/site.ts";

export type Kind = "static" | "media";

/** A directory by its parent, where the path of a request is looked for below its name. */
export interface Root {
  /** Undefined: nginx's own `root`, which a file of the user's may have set. */
  parent: string | undefined;
  name: string;
  /** Whether nginx may take what lies beside the files in their place. */
  precompressed?: boolean;
  /** Whether its files do not tell when they were changed. */
  undated?: boolean;
}

export interface ServedFiles {
  /** Each begins and ends with a slash; none is `/`. Those that are more specific come first. */
  prefixes: string[];
  /** In the order in which they are asked. */
  roots: Root[];
  /** What no file answers is the application's. */
  fallsThrough: boolean;
  /** Of what is precompressed: for which of them nginx has a module. */
  encodings?: readonly Encoding[];
  /** Further ones, and in the place of those that they have anyway. */
  headers?: readonly Header[];
}

export interface ServedSite extends Partial<Record<Kind, ServedFiles>> {
  /** Below which path the whole site is there as well, as `/shop`. */
  scriptName?: string;
  /** Whose files nginx sends where the application says so, and to nobody else. */
  protectedRoot?: string;
}

/** What keeps files from being served that are meant to be. */
export interface SiteProblem {
  /** STATIC_ROOT and its like, or the variable that is in its place. */
  setting: string;
  value: string;
  problem: string;
}

type SiteConfig = Pick<
  Config,
  "appDirectory" | "urlPrefix" | "staticUrl" | "staticRoot" | "mediaUrl" | "mediaRoot" | "protectedRoot"
> &
  Partial<Pick<Config, "staticHeaders" | "mediaHeaders">>;

export interface SiteQuestion {
  config: SiteConfig;
  /** Undefined where neither a manifest nor Django has told them. */
  facts: SiteFacts | undefined;
  /** Why a directory may not be published, if so. */
  refusal: (directory: string) => string | undefined;
}

/** A value with the name that it has for the user. */
interface Given {
  setting: string;
  value: string;
}

/** Where files were before djinit knew of settings, and still are where those say nothing. */
const USUAL: Record<Kind, { url: string; names: readonly string[] }> = {
  static: { url: "/static/", names: ["static", "staticfiles"] },
  media: { url: "/media/", names: ["media", "mediafiles"] },
};

export function decideSite(question: SiteQuestion): { site: ServedSite; problems: SiteProblem[] } {
  const problems: SiteProblem[] = [];
  const statics = decideFiles("static", question, problems);
  const media = decideFiles("media", question, problems);
  if (statics !== undefined && media !== undefined) {
    const shared = media.prefixes.filter((prefix) => statics.prefixes.includes(prefix));
    const url = given("media", "URL", question);
    media.prefixes = media.prefixes.filter((prefix) => !shared.includes(prefix));
    if (shared.length > 0 && url !== undefined)
      problems.push({
        ...url,
        problem: "where static files are: uploads are not served; give them a URL of their own",
      });
    guardUploads(statics, media, question.config.appDirectory);
  }
  const site: ServedSite = {};
  const { protectedRoot } = question.config;
  if (protectedRoot !== undefined) {
    const why = question.refusal(protectedRoot);
    if (why === undefined) site.protectedRoot = protectedRoot;
    else problems.push({ setting: "DJINIT_PROTECTED_ROOT", value: protectedRoot, problem: notServed(why) });
  }
  const scriptName = scriptNameOf(question);
  if (scriptName !== "") {
    if (isUsable(scriptName)) site.scriptName = scriptName;
    else {
      const problem = "which is no path that nginx's files can express: the site is not served below it";
      problems.push({ setting: "FORCE_SCRIPT_NAME", value: scriptName, problem });
    }
  }
  if (statics !== undefined && statics.prefixes.length > 0) site.static = statics;
  if (media !== undefined && media.prefixes.length > 0) site.media = media;
  return { site, problems };
}

function decideFiles(kind: Kind, question: SiteQuestion, problems: SiteProblem[]): ServedFiles | undefined {
  const { config, facts, refusal } = question;
  const url = given(kind, "URL", question);
  const root = given(kind, "ROOT", question);
  if (url?.value === "none") return undefined;
  // A storage elsewhere has URLs of its own, and MEDIA_ROOT at most from a time before.
  if (facts?.[kind].in_files === false && !root?.setting.startsWith("DJINIT_")) return undefined;
  const path = pathOf(url?.value ?? USUAL[kind].url);
  const isByApplication = kind === "static" && facts?.static.by_application === true;
  const refuse = (what: Given, problem: string): void => void problems.push({ ...what, problem });
  if (path === "/") {
    // With a host, files are asked for there.
    if (url?.value === "/" && root !== undefined && !isByApplication)
      refuse(url, `where the application is: nginx does not serve ${root.value}; give it a URL of its own`);
    return undefined;
  }
  if (!fitsNginx(path)) {
    refuse(url as Given, "which nginx's files cannot express: it is not served; use a plain path");
    return undefined;
  }
  const headers = config[`${kind}Headers`];
  const roots = USUAL[kind].names.map((name): Root => ({ parent: undefined, name }));
  if (root !== undefined) {
    const why = fitsNginx(root.value) ? refusal(root.value) : "which nginx's files cannot express";
    if (why === undefined) roots.unshift(rootAt(root.value, config.appDirectory));
    else refuse(root, notServed(why));
  }
  return {
    prefixes: withAndWithout(path, scriptNameOf(question)),
    roots: onceEach(roots),
    // Settings that name no URL leave the usual one to the application, too.
    fallsThrough: isByApplication || (facts !== undefined && url === undefined),
    ...(headers === undefined ? {} : { headers }),
  };
}

function notServed(why: string): string {
  return `${why}: nginx does not serve it; give it a directory of its own`;
}

function given(kind: Kind, what: "URL" | "ROOT", { config, facts }: SiteQuestion): Given | undefined {
  const setting = `${kind.toUpperCase()}_${what}`;
  const own = config[`${kind}${what === "URL" ? "Url" : "Root"}`];
  if (own !== undefined) return { setting: `DJINIT_${setting}`, value: own };
  const value = facts?.[kind][what === "URL" ? "url" : "root"];
  return value === null || value === undefined ? undefined : { setting, value };
}

/** Of a URL with a host the path: a CDN asks for the same one here. */
function pathOf(url: string): string {
  const path = url.replace(/^(https?:)?\/\/[^/]*/, "").replace(/[?#].*$/, "");
  const absolute = path.startsWith("/") ? path : `/${path}`;
  const whole = absolute.endsWith("/") ? absolute : `${absolute}/`;
  try {
    // nginx compares with the decoded path of a request.
    return decodeURIComponent(whole);
  } catch {
    return whole;
  }
}

function scriptNameOf({ config, facts }: SiteQuestion): string {
  return config.urlPrefix ?? facts?.script_name ?? "";
}

function isUsable(scriptName: string): boolean {
  return /^\/[^\s?]*[^\s?/]$/.test(scriptName) && fitsNginx(scriptName);
}

/** A proxy may have taken the script's name away. */
function withAndWithout(path: string, scriptName: string): string[] {
  if (!isUsable(scriptName)) return [path];
  const rest = path.startsWith(`${scriptName}/`) ? path.slice(scriptName.length) : path;
  return rest === "/" ? [path] : [`${scriptName}${rest}`, rest];
}

function rootAt(path: string, appDirectory: string): Root {
  const parent = dirname(path);
  return { parent: parent === appDirectory ? undefined : parent, name: basename(path) };
}

function onceEach(roots: Root[]): Root[] {
  const same = (a: Root, b: Root): boolean => a.parent === b.parent && a.name === b.name;
  return roots.filter((root, at) => roots.findIndex((other) => same(root, other)) === at);
}

/** In the file system. */
export function directoryOf({ parent, name }: Root, appDirectory: string): string {
  return join(parent ?? appDirectory, name);
}

/** Where uploads lie in `directory`, by their paths there. */
export function uploadsBelow(directory: string, { media }: ServedSite, appDirectory: string): string[] {
  return (media?.roots ?? [])
    .map((root) => relative(directory, directoryOf(root, appDirectory)))
    .filter((path) => !path.startsWith(".."));
}

/** Uploads that lie below the static files are uploads there, too: a browser may not run them. */
function guardUploads(statics: ServedFiles, media: ServedFiles, appDirectory: string): void {
  const absolute = (root: Root): string => directoryOf(root, appDirectory);
  for (const root of statics.roots.map(absolute))
    for (const upload of media.roots.map(absolute)) {
      if (upload === root) {
        media.prefixes.push(...statics.prefixes.filter((prefix) => !media.prefixes.includes(prefix)));
        statics.prefixes = [];
      }
      if (!upload.startsWith(`${root}/`)) continue;
      for (const prefix of statics.prefixes) {
        const guarded = `${prefix}${upload.slice(root.length + 1)}/`;
        if (!media.prefixes.includes(guarded)) media.prefixes.push(guarded);
      }
    }
  media.prefixes.sort((a, b) => b.length - a.length);
}
