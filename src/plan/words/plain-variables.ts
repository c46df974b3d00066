// Variables in a line that is otherwise plain: `celery -A app worker -c $CELERY_CONCURRENCY`.

const VARIABLE = /\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?::?-([\w@%+=:,./-]*))?\})/g;
/** What is one word, in quotes and without. */
const ONE_WORD = /^[\w@%+=:,./-]*$/;

/** The line with the values of its variables; undefined where only a shell could tell what they become. */
export function withValues(line: string, environment: NodeJS.ProcessEnv): string | undefined {
  if (!line.includes("$")) return line;
  // Between single quotes a dollar is a dollar.
  if (line.includes("'")) return undefined;
  let plain = true;
  const said = line.replaceAll(VARIABLE, (_, name?: string, braced?: string, fallback = "") => {
    const value = environment[name ?? braced ?? ""] || fallback;
    plain &&= ONE_WORD.test(value);
    return value;
  });
  return plain ? said : undefined;
}
