// DJINIT_TLS_CERT and DJINIT_TLS_KEY, looked at before anything is done: root may be gone when nginx needs them.
import type { Problem } from "../../config/problem.ts";
import { VARIABLES } from "../../config/variables.ts";
import { filesFor } from "../../platform/files/files-of-root.ts";
import { isPair, type Pair, type PairProblem, readPair } from "../../platform/tls/pair.ts";
import { type PairPaths, readPairText } from "../../platform/tls/pair-files.ts";
import type { BootContext } from "../context.ts";

export interface GivenPair {
  paths: PairPaths;
  pair: Pair;
}

const NAMES = { certificate: VARIABLES.tlsCertificate.name, key: VARIABLES.tlsKey.name };

/** Undefined where nginx takes no TLS; a list of what is wrong with it. */
export function readGivenPair({
  config: { tlsCertificate: certificate, tlsKey: key },
  isRoot,
  steps,
}: Pick<BootContext, "config" | "isRoot" | "steps">): GivenPair | Problem[] | undefined {
  if (!steps.nginx || (certificate === undefined && key === undefined)) return undefined;
  if (certificate === undefined || key === undefined) {
    const [there, missing] =
      key === undefined ? [NAMES.certificate, NAMES.key] : [NAMES.key, NAMES.certificate];
    return [{ variable: missing, problem: `${there} is set but ${missing} is not: TLS takes both` }];
  }
  const paths = { certificate, key };
  const text = readPairText(paths, filesFor(isRoot));
  if (Array.isArray(text)) return told(text, paths);
  const read = readPair(text, Date.now());
  return isPair(read) ? { paths, pair: read } : told(read, paths);
}

function told(problems: readonly PairProblem[], paths: PairPaths): Problem[] {
  return problems.map(({ of, problem }) => ({
    variable: NAMES[of],
    value: paths[of],
    problem: `${NAMES[of]} is ${JSON.stringify(paths[of])}, ${problem}`,
  }));
}
