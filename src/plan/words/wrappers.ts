// Programs that take the rest of their words as a program, and become it: agents that look at it from within, environments.

interface Wrapper {
  words: readonly string[];
  /** It imports the settings before the program begins: a reload by HUP would not read them again. */
  importsSettings?: boolean;
  /** Its programs need not be on PATH: they are in an environment of its own, or are its words for others. */
  hasPrograms?: boolean;
}

/** All of them end with an exec of the program, and so do not stand between it and a signal. */
const WRAPPERS: readonly Wrapper[] = [
  { words: ["newrelic-admin", "run-program"] },
  { words: ["ddtrace-run"] },
  { words: ["opentelemetry-instrument"], importsSettings: true },
  { words: ["poetry", "run"], hasPrograms: true },
  { words: ["pipenv", "run"], hasPrograms: true },
];

/** The words before the program, and those from it on. */
export function splitWrapper(words: readonly string[]): { wrapper: string[]; rest: string[] } {
  let rest = [...words];
  const wrapper: string[] = [];
  for (;;) {
    const found = WRAPPERS.find((it) => it.words.every((word, at) => rest[at] === word));
    if (found === undefined) return { wrapper, rest };
    wrapper.push(...found.words);
    rest = rest.slice(found.words.length);
  }
}

/** Whether one of them has imported the settings when the program begins. */
export function importsSettings(wrapper: readonly string[]): boolean {
  return hasOne(wrapper, "importsSettings");
}

/** Whether one of them looks for the program where djinit does not. */
export function hasPrograms(wrapper: readonly string[]): boolean {
  return hasOne(wrapper, "hasPrograms");
}

function hasOne(wrapper: readonly string[], trait: "importsSettings" | "hasPrograms"): boolean {
  return WRAPPERS.some((it) => it[trait] && wrapper.includes(it.words[0] ?? ""));
}
