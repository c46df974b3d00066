// What nginx has to reach, by its own files as `nginx -T` shows them. Pure.
import { join } from "node:path";
import type { Confinement } from "../../base/confinement.ts";
import { PROGRAMS } from "../../base/programs.ts";
import {
  NGINX_CONFIGURATION,
  NGINX_MEDIA_FILE,
  NGINX_ROOT_FILE,
  NGINX_STATIC_FILE,
  placedIn,
  RUN_DIRECTORY,
} from "../paths.ts";
import { type Directive, readDirectives, readFileNames } from "./directives.ts";

/** What nginx, the C library and OpenSSL read, whatever the configuration is. */
const ALWAYS_READ = [
  PROGRAMS.nginx,
  ...["/usr/lib", "/usr/lib64", "/usr/local/lib", "/lib", "/lib64", "/usr/share/nginx"],
  ...["/usr/share/zoneinfo", "/usr/share/ca-certificates", "/etc/ssl", "/sys/devices/system/cpu"],
  ...["ld.so.cache", "localtime", "resolv.conf", "hosts", "host.conf", "nsswitch.conf", "gai.conf"].map(
    (name) => `/etc/${name}`,
  ),
  ...["/dev/null", "/dev/zero", "/dev/random", "/dev/urandom"],
];
/** Debian's own places, and nginx.org's. */
const ALWAYS_WRITTEN = ["/var/lib/nginx", "/var/cache/nginx"];
const ALWAYS_CREATED = ["/var/log/nginx", "/dev/null"];
/** Of djinit's own: what is served by its own name, below the project's directory. */
const USUAL_NAMES = ["static", "staticfiles", "media", "mediafiles"];

/** Entries of such blocks are no directives. */
const TABLES = ["map", "geo", "types", "split_clients", "charset_map", "match"];
/** Words that look like paths there are of URLs. */
const OF_URLS =
  /^(location|rewrite|try_files|return|error_page|index|if|set|server|server_name|listen|add_header|add_trailer|auth_request|mirror|post_action|log_format|sub_filter|internal|expires|image_filter|map|geo|upstream)$|_(pass|redirect|cookie_path|param|set_header|pass_header|hide_header|cache_key|method)$/;
const LOGS = /^(access_log|error_log|pid|lock_file)$/;
const WRITTEN = /_(temp_path|cache_path|store)$/;
/** A location with one of these has no files below the server's root. */
const ELSEWHERE = /^(root|alias|return)$|_pass$/;

/** What djinit has written itself: its files say where a site's files lie in lines of comment. */
const SERVES = /^# djinit serves (\w+) "(.*)"$/gm;

/** Errors: none; what is not understood is not allowed. */
export function confineNginx(
  dump: string,
  run: string,
  writable: readonly string[],
  directives = readDirectives(dump),
): Confinement {
  const all = directives.filter(({ inside }) => !inside.some((name) => TABLES.includes(name)));
  const own = [NGINX_STATIC_FILE, NGINX_MEDIA_FILE, NGINX_ROOT_FILE].map((file) => placedIn(run, file));
  const rootFile = placedIn(run, NGINX_ROOT_FILE);
  const root = all.find(({ name, file }) => name === "root" && file === rootFile)?.args[0];
  const appDirectory = root ?? "/app";
  const served = [...dump.matchAll(SERVES)].map(([, kind, path = ""]) => {
    return { kind, path: path.startsWith("/") ? path : join(appDirectory, path) };
  });
  const theirs = all.filter(({ file }) => !own.includes(file));
  const roots = theirs.filter(({ name }) => name === "root" || name === "alias");
  const data = roots
    .flatMap(({ args: [path = ""] }) => valuesOf(path, directives))
    .map(literal)
    .filter((path) => path !== "/");
  // Most name no path at all.
  const naming = theirs.filter(({ args }) => args.some((word) => word.includes("/")));
  const storing = theirs.some(
    ({ name, args }) => /^(dav_methods|\w+_store)$/.test(name) && args[0] !== "off",
  );
  const places = unique([
    ...(root === undefined ? [] : USUAL_NAMES.map((name) => join(root, name))),
    ...served.map(({ path }) => path),
    ...data,
    ...theirs.flatMap(belowTop).map(literal),
    ...(root === undefined ? [] : naming.flatMap((it) => belowRoot(it).map((path) => join(root, path)))),
  ]);
  const includes = naming.filter(({ name, args: [path = ""] }) => name === "include" && path.startsWith("/"));
  return {
    kind: "nginx",
    appDirectory,
    system: ALWAYS_READ,
    reads: unique([
      NGINX_CONFIGURATION,
      // Elsewhere the copies of nginx's files are made anew at each reload, and are another directory then.
      run === RUN_DIRECTORY ? `${run}/djinit` : run,
      ...places,
      // The others are djinit's own, written anew at each start.
      ...readFileNames(dump).filter((path) => path.startsWith("/") && !path.startsWith(`${run}/djinit/`)),
      ...naming
        .filter(isOfFiles)
        .flatMap(({ args }) => args.filter(isPath))
        .map(literal),
      ...writable,
    ]),
    served: places,
    lists: unique(includes.map(({ args: [path = ""] }) => literal(path.replace(/[*?[].*$/, "$")))),
    linked: unique([
      ...(root === undefined ? [] : ["static", "staticfiles"].map((name) => join(root, name))),
      ...served.filter(({ kind }) => kind === "static").map(({ path }) => path),
    ]),
    writes: unique([
      ...ALWAYS_WRITTEN,
      `${run}/nginx`,
      ...naming.filter(({ name }) => WRITTEN.test(name)).flatMap(({ args }) => args.filter(isPath)),
      ...(storing ? data : []),
      ...writable,
    ]),
    creates: unique([
      ...ALWAYS_CREATED,
      `${run}/nginx-status`,
      ...naming.filter(({ name }) => LOGS.test(name)).flatMap(({ args: [path = ""] }) => directoryOf(path)),
      ...naming
        .filter(({ name, args: [place = ""] }) => name === "listen" && place.startsWith("unix:"))
        .flatMap(({ args: [place = ""] }) => directoryOf(place.slice("unix:".length))),
    ]),
  };
}

function isOfFiles({ name }: Directive): boolean {
  return ![OF_URLS, LOGS, WRITTEN, /^(root|alias|include)$/].some((words) => words.test(name));
}

/** `/` and what lies right below it are URLs more often than files. */
function isPath(word: string): boolean {
  return /^\/[^/]+\/./.test(word);
}

/** A path as far as it is known: up to the directory whose name has a variable in it. */
function literal(path: string): string {
  return path.includes("$") ? path.replace(/\$[\s\S]*$/, "").replace(/[^/]*$/, "") : path;
}

function directoryOf(path: string): string[] {
  if (!path.startsWith("/") || path.startsWith("/dev/")) return [];
  return [literal(path).replace(/[^/]*$/, "") || "/"];
}

/** Of a root that begins with a variable: what `set` and `map` make of it. */
function valuesOf(path: string, all: readonly Directive[]): string[] {
  const variable = /^\$\{?(\w+)\}?/.exec(path)?.[1];
  if (variable === undefined) return path.startsWith("/") ? [path] : [];
  const set = all.filter(({ name, args }) => name === "set" && args[0] === `$${variable}`);
  const maps = all.filter(
    ({ name, args }) => /^(map|geo|split_clients)$/.test(name) && args.at(-1) === `$${variable}`,
  );
  const values = [
    ...set.map(({ args }) => args[1] ?? ""),
    ...maps.flatMap(({ block }) => block.map(({ args }) => args.at(-1) ?? "")),
  ];
  return values.filter((value) => value.startsWith("/"));
}

/** What a directive of the user's finds below the root that djinit has written. */
function belowRoot({ name, args, block }: Directive): string[] {
  const isFile = (word: string): boolean => /^\/[^$]*[^$/]$/.test(word);
  if (name === "try_files" || name === "error_page") return args.filter(isFile);
  if (name === "rewrite") return args.slice(1, 2).filter(isFile);
  if (name !== "location" || block.some((inner) => ELSEWHERE.test(inner.name))) return [];
  const [path = ""] = args.filter((word) => word !== "=" && word !== "^~");
  return /^\/[^$]+$/.test(path) && args[0] !== "~" && args[0] !== "~*" ? [path] : [];
}

/** Where `root` is `/`, try_files has the whole paths. All files are not meant, ever. */
function belowTop({ block }: Directive): string[] {
  const isTop = block.some(({ name, args }) => name === "root" && args[0] === "/");
  const tried = isTop ? block.filter(({ name }) => name === "try_files") : [];
  return tried.flatMap(({ args }) => args.filter(isPath));
}

function unique(paths: readonly string[]): string[] {
  return [...new Set(paths.filter((path) => path !== ""))];
}
