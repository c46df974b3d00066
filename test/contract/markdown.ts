import { readFileSync } from "node:fs";

/** The text of a file under docs/. */
export function readDocument(name: string): string {
  return readFileSync(new URL(`../../docs/${name}`, import.meta.url), "utf8");
}

/** The rows of all tables of a document whose header has these columns; each row by column. */
export function tableRows(document: string, columns: readonly string[]): Record<string, string>[] {
  const rows: Record<string, string>[] = [];
  let inTable = false;
  for (const line of document.split("\n")) {
    if (!line.startsWith("|")) inTable = false;
    else {
      const cells = line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll("\\|", "|"));
      if (inTable && !line.startsWith("|---")) {
        rows.push(Object.fromEntries(columns.map((column, at) => [column, cells[at] ?? ""])));
      }
      inTable ||= cells.join() === columns.join();
    }
  }
  return rows;
}

/** Text without the marks that only set words in code type. */
export function plain(cell: string): string {
  return cell.replaceAll("`", "");
}
