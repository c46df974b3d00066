// src/ → dist/: one CommonJS file a life (boot, supervise) and a small dispatcher, so that the supervising half never
// loads, or even reads, the libraries of the boot. src/precompiled loads them in the image.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";
import { bundledPackages, licenseTexts } from "./bundled-packages.ts";
import { pgByNode } from "./pg-by-node.ts";
import { pinoWithoutStreams } from "./pino-without-streams.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
/** djinit's version, as package.json has it. */
export const { version } = JSON.parse(readFileSync(`${root}package.json`, "utf8")) as { version: string };

const ENTRIES: Record<string, string> = {
  main: "src/precompiled/start.ts",
  precompile: "src/precompiled/precompile.ts",
  dispatch: "src/main.ts",
  beside: "src/boot/beside.ts",
  boot: "src/boot/boot.ts",
  "second-half": "src/boot/second-half.ts",
  "boot-log": "src/logs/write/boot-log.ts",
  verbs: "src/boot/verbs.ts",
  serve: "src/boot/status/serve.ts",
  programs: "src/boot/django/programs.ts",
  supervise: "src/supervise/supervise.ts",
  cli: "src/cli/cli.ts",
  dump: "src/cli/verbs/dump.ts",
  "open-admin": "src/http/open-admin.ts",
  exposition: "src/metrics/exposition.ts",
  "environment-files": "src/supervise/reload/environment-files.ts",
  "open-vault": "src/boot/vault/open-vault.ts",
  "keep-vault": "src/supervise/vault/keep-vault.ts",
  "keep-pair": "src/supervise/tls/keep-pair.ts",
  libc: "src/platform/libc.ts",
};
/** The bundles of a process share it: each copy would bind libc's functions again, for 2 ms and 0.2 MB. */
const SHARED = /\/libc\.ts$/;

/** Makes `import("./boot/boot.ts")` of the dispatcher a run-time `require("./boot.js")`, and so for what is shared. */
const separateLives: Plugin = {
  name: "separate-lives",
  setup({ onResolve }) {
    onResolve({ filter: /\.ts$/ }, ({ kind, path }) => {
      if (kind === "import-statement" && SHARED.test(path)) return { path: "./libc.js", external: true };
      if (kind !== "dynamic-import") return undefined;
      const entry = Object.keys(ENTRIES).find((name) => path.endsWith(`/${name}.ts`));
      if (entry === undefined)
        throw new Error(`cannot bundle ${path}: it is imported dynamically but is no entry`);
      return { path: `./${entry}.js`, external: true };
    });
  },
};

/** Builds dist/ from scratch. Errors: esbuild's own, with file and line. */
export async function bundle(): Promise<void> {
  rmSync(`${root}dist`, { recursive: true, force: true });
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ENTRIES,
    outdir: "dist",
    bundle: true,
    platform: "node",
    target: "node26",
    format: "cjs",
    minify: true,
    legalComments: "none",
    metafile: true,
    logLevel: "warning",
    external: ["pg-native", "pg-cloudflare"],
    define: { __DJINIT_VERSION__: JSON.stringify(version) },
    // `import()` of a sibling becomes `require`, which does not start the ESM loader.
    supported: { "dynamic-import": false },
    plugins: [separateLives, pinoWithoutStreams, pgByNode],
  });
  for (const path of Object.keys(metafile.outputs)) requireOneByte(path);
  const packages = bundledPackages(root, metafile);
  writeFileSync(`${root}dist/npm-packages.json`, `${JSON.stringify(packages, undefined, 2)}\n`);
  writeFileSync(`${root}dist/licenses.txt`, licenseTexts(root, packages));
  // The sources are ESM. The bundles are CommonJS, which Node starts faster.
  writeFileSync(`${root}dist/package.json`, '{ "type": "commonjs" }\n');
}

/**
 * V8 keeps a program's text for as long as it runs: with two bytes for each character if a single one is not of Latin-1.
 * esbuild escapes them in strings, and leaves them in regular expressions.
 */
function requireOneByte(path: string): void {
  const [, before, character] = /(.{0,40})([^\0-\x7f])/.exec(readFileSync(`${root}${path}`, "utf8")) ?? [];
  if (character !== undefined)
    throw new Error(`cannot bundle ${path}: write ${character} as an escape, after ${before}`);
}

if (import.meta.main) await bundle();
