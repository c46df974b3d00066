// The image's JavaScript, with what V8 has made of it once (precompile.ts). To parse and compile it anew takes a fifth of a start's
// processor time, and memory that V8 does not give back.
import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { Script } from "node:vm";

/** Both know the options of V8 that their code was made with: it holds for the same ones only. */
export type Life = "first" | "second";

/** Told of each bundle that has been read, before it runs. */
export type Observer = (name: string, script: Script) => void;

/** As Node's own loader does. */
const WRAPPER = ["(function (exports, require, module) { ", "\n})"] as const;

interface Bundle {
  exports: unknown;
}

/** Returns what loads a bundle of `directory`, once. Where there is no code for it, or it is for another Node, V8 compiles it. */
export function openBundles(directory: string, life: Life, observe: Observer = () => {}) {
  const bundles = new Map<string, Bundle>();
  const load = (name: string): unknown => {
    const known = bundles.get(name);
    if (known !== undefined) return known.exports;
    const bundle: Bundle = { exports: {} };
    bundles.set(name, bundle);
    const script = readBundle(directory, life, name);
    observe(name, script);
    script.runInThisContext()(bundle.exports, need, bundle);
    return bundle.exports;
  };
  const need = (id: string): unknown => (id.startsWith("./") ? load(basename(id, ".js")) : builtIn(id));
  return load;
}

export function readBundle(directory: string, life: Life, name: string): Script {
  const path = flat(join(directory, `${name}.js`));
  // bundle.ts sees to it that all of it is ASCII.
  const text = WRAPPER.join(readFileSync(path, "latin1"));
  return new Script(text, { filename: path, cachedData: readCode(codePath(directory, life, name)) });
}

/** V8 keeps a text that was put together as its parts until some collection makes one of them, and writes it into the code as it is. */
function flat(text: string): string {
  return Buffer.from(text).toString();
}

export function codePath(directory: string, life: Life, name: string): string {
  return join(directory, "code", life, name);
}

function readCode(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

/** Whatever is no part of Node was bundled. What libraries ask for on other systems is not there. */
function builtIn(id: string): unknown {
  const found = process.getBuiltinModule(id);
  if (found !== undefined) return found;
  throw Object.assign(new Error(`cannot find module ${id}`), { code: "MODULE_NOT_FOUND" });
}

/** Where the running program lies. */
export function ownDirectory(): string {
  return dirname(process.argv[1] as string);
}
