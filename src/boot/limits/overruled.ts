// Which variables about requests say nothing, because a file of the user's stands in the way. Pure.
import { VARIABLES } from "../../config/variables.ts";

interface Overruled {
  variable: string;
  value: string;
  problem: string;
}

interface Way {
  variable: string;
  /** Some file has to include it. */
  file: string;
  /** What another file may say of the same. */
  directives: readonly string[];
}

const WAYS: readonly Way[] = [
  { variable: VARIABLES.maxBodySize.name, file: "nginx-limits", directives: ["client_max_body_size"] },
  {
    variable: VARIABLES.maxHeaderSize.name,
    file: "nginx-limits",
    directives: ["large_client_header_buffers"],
  },
  {
    variable: VARIABLES.clientTimeoutMs.name,
    file: "nginx-limits",
    directives: ["client_body_timeout", "send_timeout"],
  },
  { variable: VARIABLES.keepaliveMs.name, file: "nginx-limits", directives: ["keepalive_timeout"] },
  { variable: VARIABLES.rateLimit.name, file: "nginx-rate", directives: [] },
  { variable: VARIABLES.cacheLock.name, file: "nginx-lock", directives: [] },
  { variable: VARIABLES.cacheLock.name, file: "nginx-cache", directives: [] },
  { variable: VARIABLES.errorPages.name, file: "nginx-errors", directives: [] },
  { variable: VARIABLES.requestTimeoutMs.name, file: "nginx-waits", directives: [] },
];

/** What is said there is about the application's connections, and not about the clients'. */
const UPSTREAM = /(?<=^|[\s;{}])upstream\s+\S+\s*\{[^}]*\}/g;

/** `files` is what each of nginx's files says. Only of variables that are set. */
export function findOverruled(
  environment: NodeJS.ProcessEnv,
  files: Readonly<Record<string, string>>,
): Overruled[] {
  const own = Object.entries(files)
    .filter(([path]) => !path.includes("/djinit/nginx-"))
    .map(([path, code]) => [path, code.replaceAll(UPSTREAM, "")] as const);
  return WAYS.flatMap(({ variable, file, directives }) => {
    const value = environment[variable];
    if (!value) return [];
    const shown = `${variable} is ${JSON.stringify(value)}`;
    if (!own.some(([, code]) => code.includes(`/djinit/${file}`))) {
      const line = `include /run/djinit/${file}*.conf;`;
      return [
        { variable, value, problem: `${shown}, but no file of nginx's has the line \`${line}\`: add it` },
      ];
    }
    return directives.flatMap((directive) => {
      const says = new RegExp(`(?:^|[\\s;{}])${directive}\\s`);
      const path = own.find(([, code]) => says.test(code))?.[0];
      if (path === undefined) return [];
      return [
        {
          variable,
          value,
          problem: `${shown}, but ${path} says ${directive}, which wins: remove one of them`,
        },
      ];
    });
  });
}
