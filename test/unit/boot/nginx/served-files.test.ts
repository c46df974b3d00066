import { describe, expect, test } from "vitest";
import { fileLocations, prefixLocations, siteMaps } from "../../../../src/boot/nginx/locations.ts";
import { leaveUncompressed } from "../../../../src/boot/nginx/precompressed.ts";
import {
  decideSite,
  type ServedSite,
  type SiteQuestion,
  uploadsBelow,
} from "../../../../src/boot/nginx/served-files.ts";
import type { SiteFacts } from "../../../../src/boot/schema/site.ts";
import { loadConfig } from "../../../../src/config/load.ts";

interface Told {
  static?: Partial<SiteFacts["static"]>;
  media?: Partial<SiteFacts["media"]>;
  script_name?: string;
}

function facts({ static: statics, media, script_name = "" }: Told): SiteFacts {
  const nothing = { url: null, root: null, in_files: true };
  return {
    script_name,
    static: { ...nothing, collected: true, by_application: false, ...statics },
    media: { ...nothing, ...media },
    https: { only: false, header: null },
    hosts: [],
  };
}

function decide(
  told: Told | undefined,
  variables: Record<string, string> = {},
  refusal?: SiteQuestion["refusal"],
) {
  const { config, problems } = loadConfig(variables);
  expect(problems).toEqual([]);
  const known = told === undefined ? undefined : facts(told);
  return decideSite({ config, facts: known, refusal: refusal ?? (() => undefined) });
}

/** `prefix… < root…`, with a `+` where the application is asked in the end. */
function shown(site: ServedSite): Record<string, string> {
  const { static: statics, media } = site;
  const served = Object.entries({ ...(statics && { static: statics }), ...(media && { media }) });
  const texts = served.map(([kind, { prefixes, roots, fallsThrough }]) => {
    const from = roots.map(({ parent, name }) => `${parent ?? "."}/${name}`);
    return [kind, `${prefixes.join(" ")} < ${from.join(" ")}${fallsThrough ? " +" : ""}`];
  });
  return Object.fromEntries(texts);
}

const STATIC = "/static/ < ./static ./staticfiles";
const MEDIA = "/media/ < ./media ./mediafiles";

describe("which files are served below which URLs", () => {
  test.each<[string, Told | undefined, Record<string, string>]>([
    ["nothing is known", undefined, { static: STATIC, media: MEDIA }],
    ["the settings say nothing", {}, { static: `${STATIC} +`, media: `${MEDIA} +` }],
    [
      "the usual ones",
      {
        static: { url: "/static/", root: "/app/staticfiles" },
        media: { url: "/media/", root: "/app/media" },
      },
      { static: "/static/ < ./staticfiles ./static", media: MEDIA },
    ],
    [
      "elsewhere",
      {
        static: { url: "/assets/v1/", root: "/var/www/static" },
        media: { url: "/files/", root: "/media" },
      },
      {
        static: "/assets/v1/ < /var/www/static ./static ./staticfiles",
        media: "/files/ < //media ./media ./mediafiles",
      },
    ],
    [
      "without a root",
      { static: { url: "/static/" }, media: { url: "/media/" } },
      { static: STATIC, media: MEDIA },
    ],
    [
      "by the application too",
      { static: { url: "/static/", by_application: true }, media: { url: "/media/" } },
      { static: `${STATIC} +`, media: MEDIA },
    ],
    [
      "a CDN that asks here",
      { static: { url: "https://cdn.example/static/" }, media: { url: "//cdn.example/media/" } },
      { static: STATIC, media: MEDIA },
    ],
    [
      "hosts of their own",
      { static: { url: "https://s.example/" }, media: { url: "https://m.example" } },
      {},
    ],
    ["storages elsewhere", { static: { url: "/static/", in_files: false }, media: { in_files: false } }, {}],
    [
      "below a script's name, which a proxy may take away",
      {
        script_name: "/shop",
        static: { url: "/shop/static/" },
        media: { url: "/media/" },
      },
      {
        static: `/shop${STATIC}`.replace("/ ", "/ /static/ "),
        media: `/shop${MEDIA}`.replace("/ ", "/ /media/ "),
      },
    ],
    [
      "the script's name itself",
      { script_name: "/shop", static: { url: "/shop/" }, media: { url: "/media/" } },
      { static: "/shop/ < ./static ./staticfiles", media: `/shop${MEDIA}`.replace("/ ", "/ /media/ ") },
    ],
    [
      "escaped",
      { static: { url: "/st%C3%A4tic/" }, media: { url: "/me%dia/" } },
      { static: "/stätic/ < ./static ./staticfiles", media: "/me%dia/ < ./media ./mediafiles" },
    ],
    [
      "uploads below static files, and below their URL",
      {
        static: { url: "/static/", root: "/srv/all" },
        media: { url: "/static/m/", root: "/srv/all/up" },
      },
      {
        static: "/static/ < /srv/all ./static ./staticfiles",
        media: "/static/up/ /static/m/ < /srv/all/up ./media ./mediafiles",
      },
    ],
    [
      "static files below the URL of uploads",
      { static: { url: "/media/static/" }, media: { url: "/media/" } },
      { static: "/media/static/ < ./static ./staticfiles", media: MEDIA },
    ],
    [
      "one directory for both is one of uploads",
      { static: { url: "/static/", root: "/srv/all" }, media: { url: "/media/", root: "/srv/all" } },
      { media: "/static/ /media/ < /srv/all ./media ./mediafiles" },
    ],
  ])("%s", (_, told, expected) => {
    const { site, problems } = decide(told);
    expect(shown(site)).toEqual(expected);
    expect(problems).toEqual([]);
  });

  test("variables win over the settings, and over a storage elsewhere where they name a directory", () => {
    const told = {
      static: { url: "/s/", root: "/srv/s" },
      media: { url: "/m/", root: "/srv/m", in_files: false },
    };
    const { site } = decide(told, {
      DJINIT_STATIC_URL: "/a",
      DJINIT_STATIC_ROOT: "/srv/a/",
      DJINIT_MEDIA_ROOT: "/srv/b",
    });
    expect(shown(site)).toEqual({
      static: "/a/ < /srv/a ./static ./staticfiles",
      media: "/m/ < /srv/b ./media ./mediafiles",
    });
    expect(decide(told, { DJINIT_STATIC_URL: "none", DJINIT_MEDIA_URL: "none" }).site).toEqual({});
  });

  test("the project's directory is where it is", () => {
    const { site } = decide(
      { static: { url: "/s/", root: "/srv/shop/staticfiles" } },
      { DJINIT_APP_DIRECTORY: "/srv/shop" },
    );
    expect(shown(site)["static"]).toBe("/s/ < ./staticfiles ./static");
  });
});

describe("below which path the whole site is", () => {
  test("the settings say it, and a variable wins", () => {
    expect(decide(undefined).site.scriptName).toBeUndefined();
    expect(decide({ script_name: "/shop" }).site.scriptName).toBe("/shop");
    const { site } = decide(
      { script_name: "/shop", static: { url: "/static/" } },
      { DJINIT_URL_PREFIX: "/a/b/" },
    );
    expect(site.scriptName).toBe("/a/b");
    expect(site.static?.prefixes).toEqual(["/a/b/static/", "/static/"]);
    expect(decide({ script_name: "/shop" }, { DJINIT_URL_PREFIX: "none" }).site.scriptName).toBeUndefined();
  });

  test.each(["shop", "/", "/shop/", '/shop";', "/$shop", "/shop{", "/sh\nop", "/a b"])(
    "%j is refused",
    (name) => {
      const { site, problems } = decide({ script_name: name, static: { url: "/static/" } });
      expect(site.scriptName).toBeUndefined();
      expect(site.static?.prefixes).toEqual(["/static/"]);
      expect(problems.map(({ setting, value }) => [setting, value])).toEqual([["FORCE_SCRIPT_NAME", name]]);
    },
  );

  test("with the path taken away, all is as without it", () => {
    expect(prefixLocations("/a.b")).toContain('location "/a.b/" {\n    rewrite "^/a\\.b(/.*)$" $1 last;\n}');
  });
});

describe("what is not served, and said", () => {
  test.each<[string, Told, string[]]>([
    [
      "a root of the application's own URLs",
      { static: { url: "/", root: "/app/static" }, media: { url: "/", root: "/app/media" } },
      [
        "STATIC_URL / where the application is: nginx does not serve /app/static; give it a URL of its own",
        "MEDIA_URL / where the application is: nginx does not serve /app/media; give it a URL of its own",
      ],
    ],
    ["which the application serves", { static: { url: "/", root: "/app/static", by_application: true } }, []],
    [
      "one URL for both",
      { static: { url: "/files/" }, media: { url: "/files/" } },
      ["MEDIA_URL /files/ where static files are: uploads are not served; give them a URL of their own"],
    ],
    [
      "a directory that is refused",
      { static: { url: "/static/", root: "/etc" } },
      ["STATIC_ROOT /etc which is /etc: nginx does not serve it; give it a directory of its own"],
    ],
    ...['/a"/', "/a;b/", "/a{/", "/a}/", "/$a/", "/a\n/", "/a\\/", "/a'/", "/a%0Ab/", "/a%22/"].map(
      (url): [string, Told, string[]] => [
        `the URL ${JSON.stringify(url)}`,
        { static: { url } },
        [`STATIC_URL ${url} which nginx's files cannot express: it is not served; use a plain path`],
      ],
    ),
    ...['/srv/a"', "/srv/a;b", "/srv/{", "/srv/$host", "/srv/a\nb", "/srv/a\\"].map(
      (root): [string, Told, string[]] => [
        `the directory ${JSON.stringify(root)}`,
        { media: { url: "/media/", root } },
        [
          `MEDIA_ROOT ${root} which nginx's files cannot express: nginx does not serve it; give it a directory of its own`,
        ],
      ],
    ),
  ])("%s", (_, told, expected) => {
    const { problems, site } = decide(told, {}, (path) => (path === "/etc" ? "which is /etc" : undefined));
    expect(problems.map(({ setting, value, problem }) => `${setting} ${value} ${problem}`)).toEqual(expected);
    expect(JSON.stringify(site)).not.toMatch(/etc|\$host|\\n|\\"|[;{]b/);
  });
});

describe("nginx's text", () => {
  const { site } = decide({
    static: { url: "/a+b.c/", root: "/srv/with space", by_application: true },
    media: { url: "/media/", root: "/media" },
  });

  test("a regular expression means the URL as it is", () => {
    expect(siteMaps(site)).toContain('"~^/a\\+b\\.c(?<djinit_static_at>/.*)$" $djinit_static_at;');
  });

  test("each directory is asked in its turn, then the application", () => {
    const text = fileLocations("static", site.static as NonNullable<typeof site.static>);
    const lines = text.split("\n").filter((line) => /^location|root|try_files|include/.test(line.trim()));
    expect(lines.map((line) => line.trim())).toEqual([
      'location "/a+b.c/" {',
      'root "/srv";',
      'try_files "/with space$djinit_static" @djinit_static_2;',
      "location @djinit_static_2 {",
      'try_files "/static$djinit_static" "/staticfiles$djinit_static" @djinit_static_application;',
      "location @djinit_static_application {",
      "include /etc/nginx/conf.d/django.conf.d/application.conf;",
      "include /run/djinit/nginx-waits*.conf;",
    ]);
  });

  test("each kind has its own headers, in the place of those of the same name", () => {
    const { site: own } = decide(undefined, {
      DJINIT_STATIC_HEADERS: "X-Static: 1",
      DJINIT_MEDIA_HEADERS: "Access-Control-Allow-Origin: * | content-security-policy: sandbox",
    });
    const headers = (kind: "static" | "media") => {
      const text = fileLocations(kind, own[kind] as NonNullable<ServedSite[typeof kind]>);
      return [...new Set(Array.from(text.matchAll(/add_header (.*);/g), ([, header = ""]) => header))];
    };
    expect(headers("static")).toEqual([
      "Cache-Control $static_cache_control",
      "X-Content-Type-Options nosniff always",
      "X-Request-ID $djinit_request_id always",
      'X-Static "1" always',
    ]);
    expect(headers("media")).toEqual([
      "X-Content-Type-Options nosniff always",
      "X-Request-ID $djinit_request_id always",
      'Access-Control-Allow-Origin "*" always',
      'content-security-policy "sandbox" always',
    ]);
  });

  test("no link is followed below a directory of uploads", () => {
    const text = fileLocations("media", site.media as NonNullable<typeof site.media>);
    expect([...text.matchAll(/disable_symlinks on "from=(.*)";/g)].map(([, from]) => from)).toEqual([
      "/media",
      "$document_root/media",
      "$document_root/mediafiles",
    ]);
  });
});

test("of files without a time nothing is said by which a browser would keep an old one", () => {
  const { site } = decide({ static: { url: "/static/", root: "/app/staticfiles" } });
  const files = site.static as NonNullable<typeof site.static>;
  for (const root of files.roots) if (root.name === "staticfiles") root.undated = true;
  const lines = [
    ...fileLocations("static", files).matchAll(
      /etag off|if_modified_since off|Last-Modified ""|try_files "[^$]+/g,
    ),
  ];
  expect(lines.map(([text]) => text)).toEqual([
    "etag off",
    "if_modified_since off",
    'try_files "/staticfiles',
    'Last-Modified ""',
    'try_files "/static',
  ]);
});

describe("precompressed files", () => {
  const served = () => {
    const { site } = decide({ static: { url: "/static/", root: "/app/staticfiles" } });
    return site.static as NonNullable<typeof site.static>;
  };
  const lines = (files: ReturnType<typeof served>) =>
    [...fileLocations("static", files).matchAll(/\w+_static on|try_files "[^$]+/g)].map(([text]) => text);

  test("are taken from the directories that have some, and from no other", () => {
    const files = served();
    files.encodings = ["gzip", "brotli"];
    for (const root of files.roots) if (root.name === "staticfiles") root.precompressed = true;
    expect(lines(files)).toEqual([
      "gzip_static on",
      "brotli_static on",
      'try_files "/staticfiles',
      'try_files "/static',
    ]);
  });

  test("without nginx's module for one of them the other is left", () => {
    const files = served();
    files.encodings = ["gzip", "brotli"];
    for (const root of files.roots) root.precompressed = true;
    expect(
      leaveUncompressed(files, 'unknown directive "brotli_static" in /run/djinit/nginx-static.conf:9'),
    ).toBe(true);
    expect(lines(files)).toEqual(["gzip_static on", 'try_files "/staticfiles']);
    expect(leaveUncompressed(files, 'unknown directive "brotli_static" in /etc/nginx/own.conf:1')).toBe(
      false,
    );
  });

  test("uploads below them are none", () => {
    const { site } = decide({
      static: { url: "/static/", root: "/app/static" },
      media: { url: "/media/", root: "/app/static/uploads" },
    });
    expect(uploadsBelow("/app/static", site, "/app")).toEqual(["uploads"]);
  });
});
