// nginx's text for the files that it serves. Pure: what it is given fits between double quotes.
import { join } from "node:path";
import type { Encoding } from "../precompressed/siblings.ts";
import type { Kind, Root, ServedFiles, ServedSite } from "./served-files.ts";

/** What is passed on to the application, and for how long nginx waits for an answer. */
const PASS_ON = [
  "include /etc/nginx/conf.d/django.conf.d/application.conf;",
  "include /run/djinit/nginx-waits*.conf;",
];

const COMPRESSED_FILES: Record<Encoding, string> = { gzip: "gzip_static on;", brotli: "brotli_static on;" };

/**
 * Open files of which much is asked for. Looked at again after a second: what has been changed, replaced or removed is served
 * that long. So few that a container with 1,024 descriptors has some left; of uploads none, whose links are looked for each time.
 */
const KEPT_OPEN = [
  "open_file_cache max=500 inactive=10s;",
  "open_file_cache_min_uses 2;",
  "open_file_cache_valid 1s;",
];

/**
 * Without a word about it a browser takes a text for one of its own country. What a project has in its static files is UTF-8; an upload may
 * be anything. JSON, SVG and their like are UTF-8 or say so themselves, and text/html is in nginx's list anyway.
 */
const IN_UTF8 = [
  "charset utf-8;",
  "charset_types application/javascript text/css text/csv text/javascript text/markdown text/plain text/vtt text/xml;",
];

/**
 * A file of another image may have the same time and size, and so the same ETag: a browser would keep the old one for ever. Names with a
 * hash are not asked for again anyway.
 */
const UNDATED = ["etag off;", "if_modified_since off;"];
const NO_TIME = 'add_header Last-Modified "";';

/** What a location says besides where its files are. */
const MANNERS: Record<Kind, { never: string[]; headers: string[] }> = {
  static: {
    never: ["$hidden_name", '$djinit_static ~* "^/(?:staticfiles|CACHE/manifest)\\.json(?:\\.gz|\\.br)?$"'],
    headers: [
      "add_header Cache-Control $static_cache_control;",
      "add_header X-Content-Type-Options nosniff always;",
      "add_header X-Request-ID $djinit_request_id always;",
    ],
  },
  media: {
    never: ["$hidden_name"],
    headers: [
      "add_header Content-Security-Policy $media_policy always;",
      "add_header X-Content-Type-Options nosniff always;",
      "add_header X-Request-ID $djinit_request_id always;",
    ],
  },
};

/** Directories of one parent, which one try_files can ask. */
interface Group extends Omit<Root, "name"> {
  names: string[];
}

/** At the level of http: what of a request's path is below the URL of a kind of files. */
export function siteMaps(site: ServedSite): string {
  return (["static", "media"] as const)
    .map((kind) => {
      const lines = [...(site[kind]?.prefixes ?? [])]
        .sort((a, b) => b.length - a.length)
        .map(
          (prefix) =>
            `    "~^${forRegex(prefix.slice(0, -1))}(?<djinit_${kind}_at>/.*)$" $djinit_${kind}_at;`,
        );
      return `map $uri $djinit_${kind} {\n${lines.join("\n")}\n}\n`;
    })
    .join("\n");
}

/** Inside the server, for one kind of files. */
export function fileLocations(kind: Kind, files: ServedFiles): string {
  const groups = grouped(kind, files.roots);
  const application = `@djinit_${kind}_application`;
  const last = files.fallsThrough ? application : "=404";
  const inner = groups.map((group, at) => {
    const next = at + 1 < groups.length ? `@djinit_${kind}_${at + 2}` : last;
    const headers = headersOf(kind, files.headers);
    return [...body(kind, group, next, files.encodings), ...headers, ...(group.undated ? [NO_TIME] : [])];
  });
  const [outer = [], ...others] = inner;
  const serves = files.roots.map(
    ({ parent, name }) => `# djinit serves ${kind} "${parent === undefined ? name : join(parent, name)}"\n`,
  );
  const never = MANNERS[kind].never.flatMap(refuse);
  return [
    ...serves,
    ...files.prefixes.map((prefix) => block(`location "${prefix}"`, [...never, ...outer])),
    ...others.map((lines, at) => block(`location @djinit_${kind}_${at + 2}`, lines)),
    ...(files.fallsThrough ? [block(`location ${application}`, PASS_ON)] : []),
  ].join("\n");
}

/** Inside the server: what only the application may send somebody to. */
export function protectedLocation(root: string): string {
  return block('location "/-/protected/"', [
    "internal;",
    // For nginx a request that a `rewrite` has led here is an internal one too.
    ...refuse('$upstream_http_x_accel_redirect = ""'),
    ...refuse("$hidden_name"),
    `alias "${root}/";`,
    `disable_symlinks on "from=${root}";`,
    ...MANNERS.media.headers,
  ]);
}

/** Inside the server: the whole site below a path, whether or not a proxy takes that away. What is internal stays so. */
export function prefixLocations(scriptName: string): string {
  return [
    ...["/-/protected/", "/-/errors/"].map((path) =>
      block(`location "${scriptName}${path}"`, ["return 404;"]),
    ),
    block(`location = "${scriptName}"`, [`rewrite ^ "${scriptName}/" permanent;`]),
    block(`location "${scriptName}/"`, [`rewrite "^${forRegex(scriptName)}(/.*)$" $1 last;`]),
  ].join("\n");
}

function refuse(condition: string): string[] {
  return [`if (${condition}) {`, "    return 404;", "}"];
}

function body(
  kind: Kind,
  { parent, names, precompressed, undated }: Group,
  next: string,
  encodings: readonly Encoding[] = [],
): string[] {
  const tried = names.map((name) => `"/${name}$djinit_${kind}"`);
  return [
    ...(parent === undefined ? [] : [`root "${parent}";`]),
    ...(kind === "static" ? [...KEPT_OPEN, ...IN_UTF8] : []),
    ...(kind === "media" ? [`disable_symlinks on "from=${beginningOf(parent)}/${names[0]}";`] : []),
    ...(undated === true ? UNDATED : []),
    ...(precompressed === true ? encodings : []).map((encoding) => COMPRESSED_FILES[encoding]),
    `try_files ${tried.join(" ")} ${next};`,
  ];
}

/** A project's own come in the place of those of the same name. What may be kept is said of a file alone, never of a 404. */
function headersOf(kind: Kind, own: ServedFiles["headers"] = []): string[] {
  const names = own.map(({ name }) => name.toLowerCase());
  const usual = MANNERS[kind].headers.filter(
    (line) => !names.includes(line.split(" ")[1]?.toLowerCase() ?? ""),
  );
  const further = own.map(
    ({ name, value }) =>
      `add_header ${name} "${value}"${/^(cache-control|expires)$/i.test(name) ? "" : " always"};`,
  );
  return [...usual, ...further];
}

/** As nginx begins the path of a file. */
function beginningOf(parent: string | undefined): string {
  if (parent === undefined) return "$document_root";
  return parent === "/" ? "" : parent;
}

/** Of uploads each has one of its own: the part of a path that may be a link cannot depend on which file is tried. */
function grouped(kind: Kind, roots: readonly Root[]): Group[] {
  const groups: Group[] = [];
  for (const { name, ...root } of roots) {
    const last = groups.at(-1);
    const isSame = (["parent", "precompressed", "undated"] as const).every(
      (key) => last?.[key] === root[key],
    );
    if (last !== undefined && isSame && kind === "static") last.names.push(name);
    else groups.push({ ...root, names: [name] });
  }
  return groups;
}

function block(head: string, lines: readonly string[]): string {
  return `${head} {\n${lines.map((line) => `    ${line}\n`).join("")}}\n`;
}

export function forRegex(text: string): string {
  return text.replaceAll(/[.*+?^()|[\]-]/g, "\\$&");
}
