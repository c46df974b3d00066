import type { Container } from "./container.ts";
import { type Process, parseProcessTable } from "./proc-parse.ts";

export { environOf } from "./environ.ts";
export type { Process } from "./proc-parse.ts";

// Everything in one shell, which leaves itself and its children out by PID: see the parser.
const SCRIPT = `
echo "shell $$"
cat /etc/passwd; echo; echo "== groups"; cat /etc/group; echo
for dir in /proc/[0-9]*; do
  status=$(cat "$dir/status" 2>/dev/null) || continue
  echo "== process"
  echo "$status"
  printf 'Cmdline:'; tr '\\000\\n' '\\037 ' < "$dir/cmdline" 2>/dev/null; echo
done
`;

/** The container's processes, ordered by PID, without those that asked. */
export async function processTable(container: Container): Promise<Process[]> {
  return parseProcessTable(await container.output(["sh", "-c", SCRIPT], { user: "root" }));
}
