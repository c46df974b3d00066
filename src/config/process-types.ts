// How the texts of the variables about processes of the project's own become values. Every message completes «NAME is "text", …».
import * as v from "valibot";
import { PROCESS_NAME } from "./procfile.ts";

export interface WantedProcess {
  name: string;
  count: number;
}

/** More than one container can use. */
const MOST_PROCESSES = 64;
const WORD = /^([^=]*)(?:=(\d{1,3}))?$/;

/** `rq=2,tasks`: names, each with how many of it there are to be. */
export const processes = () =>
  v.pipe(
    v.string(),
    v.rawTransform(({ dataset: { value }, addIssue, NEVER }): WantedProcess[] => {
      const wanted: WantedProcess[] = [];
      for (const word of value.split(",").map((it) => it.trim())) {
        const [, name = "", digits = "1"] = WORD.exec(word) ?? [];
        const count = Number(digits);
        const wrong = !PROCESS_NAME.test(name)
          ? `where ${JSON.stringify(word)} is not NAME or NAME=NUMBER`
          : count > MOST_PROCESSES
            ? `where ${JSON.stringify(word)} is more than ${MOST_PROCESSES} processes`
            : wanted.some((it) => it.name === name)
              ? `where ${JSON.stringify(name)} comes twice`
              : undefined;
        if (wrong !== undefined) {
          addIssue({ message: wrong });
          return NEVER;
        }
        wanted.push({ name, count });
      }
      return wanted;
    }),
  );

/** Those that a program may take as the order to end. */
export const STOP_SIGNALS = ["TERM", "INT", "QUIT", "HUP", "USR1", "USR2"] as const;

/** `INT` or `SIGINT`. */
export const stopSignal = () =>
  v.pipe(
    v.string(),
    v.transform((text) => text.toUpperCase().replace(/^SIG/, "")),
    v.picklist(STOP_SIGNALS, `which is none of ${STOP_SIGNALS.join(", ")}`),
    v.transform((name): NodeJS.Signals => `SIG${name}`),
  );
