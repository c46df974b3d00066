import { fileURLToPath } from "node:url";
import type { Plugin } from "esbuild";

const CRYPTO = fileURLToPath(new URL("../../src/boot/postgres/pg-crypto.ts", import.meta.url));
/** pg's own file asks what it runs on, and for that loads what browsers have. */
const STREAM = `
  exports.getStream = () => new (require("net").Socket)();
  exports.getSecureStream = (options) => require("tls").connect(options);
`;
/** Who asks for what, of pg's files. */
const REPLACED: readonly { importer: RegExp; path: string; by: { path: string; namespace?: string } }[] = [
  { importer: /\/pg\/lib\/client\.js$/, path: "./crypto/utils", by: { path: CRYPTO } },
  { importer: /\/pg\/lib\/crypto\/sasl\.js$/, path: "./utils", by: { path: CRYPTO } },
  {
    importer: /\/pg\/lib\/connection\.js$/,
    path: "./stream",
    by: { path: "stream", namespace: "pg-by-node" },
  },
];

/**
 * Bundles pg without what it has for other places than Node: each start would load Node's Web Crypto API for it. Errors: the build fails
 * where pg is another one than this knows.
 */
export const pgByNode: Plugin = {
  name: "pg-by-node",
  setup({ onEnd, onLoad, onResolve }) {
    const met = new Set<string>();
    onResolve({ filter: /^\.\/(?:crypto\/utils|utils|stream)$/ }, ({ importer, path }) => {
      const replaced = REPLACED.find((it) => it.path === path && it.importer.test(importer));
      if (replaced !== undefined) met.add(path);
      return replaced?.by;
    });
    onLoad({ filter: /./, namespace: "pg-by-node" }, () => ({ contents: STREAM }));
    onEnd(() => {
      const missing = REPLACED.filter(({ path }) => !met.has(path)).map(({ path }) => path);
      if (missing.length > 0) throw new Error(`cannot bundle pg: it has no ${missing.join(", ")} any more`);
    });
  },
};
