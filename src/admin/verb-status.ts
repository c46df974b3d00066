import { askStatus } from "./ask-control.ts";

const COLUMNS = ["service", "state", "ready", "pid", "restarts", "exit_status"] as const;

/** A table of the services, or with --json the whole answer. */
export async function status(options: readonly string[]): Promise<number> {
  const answer = await askStatus();
  if (options.includes("--json")) {
    console.log(JSON.stringify(answer, undefined, 2));
    return 0;
  }
  const rows = answer.services.map((service) => COLUMNS.map((column) => String(service[column] ?? "-")));
  for (const line of alignColumns([COLUMNS.map((column) => column.toUpperCase()), ...rows]))
    console.log(line);
  return 0;
}

/** Rows of text as lines with columns of equal width. */
export function alignColumns(rows: readonly string[][]): string[] {
  const widths = rows[0]?.map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0))) ?? [];
  return rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
