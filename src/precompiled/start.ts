// The image's main.js: either life, and each verb, begins here.
import { LARGE_NURSERY } from "../base/node-options.ts";
import { openBundles, ownDirectory } from "./bundles.ts";

const life = process.execArgv.includes(LARGE_NURSERY) ? "first" : "second";
openBundles(ownDirectory(), life)("dispatch");
