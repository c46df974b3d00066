// The table of docs/projects.md: one row a project, made from what was seen.
import { readFileSync, writeFileSync } from "node:fs";
import { CELL_NAMES, type Cell, type Seen } from "./cells.ts";
import type { Project } from "./project.ts";

const PAGE = new URL("../../../docs/projects.md", import.meta.url);
const FIRST_COLUMNS = ["project", "shape"];

/** Whether this run is to write down what it sees. */
export function shouldWrite(): boolean {
  return process.env.DJINIT_TEST_PROJECTS === "write";
}

export function header(): string {
  const names = [...FIRST_COLUMNS, ...CELL_NAMES];
  return `| ${names.join(" | ")} |\n|${"---|".repeat(names.length)}`;
}

export function rowOf(project: Project, seen: Seen): string {
  return rowWith(project, (cell) => seen.isTrue(cell));
}

/** The row as it is to be: true, but for what is known. */
export function expectedRow(project: Project, known: readonly { project: string; cell: Cell }[]): string {
  return rowWith(
    project,
    (cell) => !known.some((entry) => entry.project === project.name && entry.cell === cell),
  );
}

function rowWith({ name, shape }: Project, isTrue: (cell: Cell) => boolean): string {
  const cells = CELL_NAMES.map((cell) => (isTrue(cell) ? "yes" : "**no**"));
  return `| [${name}](../test/projects/${name}) | ${shape} | ${cells.join(" | ")} |`;
}

/** The row of the page as it is; undefined if there is none. */
export function committedRow({ name }: Project): string | undefined {
  return readPage()
    .split("\n")
    .find((line) => line.startsWith(beginningOf(name)));
}

/** The names of the projects in the page's table. */
export function committedNames(): string[] {
  return [...readPage().matchAll(/^\| \[([^\]]+)\]/gm)].map(([, name = ""]) => name);
}

export function readPage(): string {
  return readFileSync(PAGE, "utf8");
}

/** Puts the row in the place of the project's, or below the last one. */
export function writeRow({ name }: Project, row: string): void {
  const lines = readPage().split("\n");
  const at = lines.findIndex((line) => line.startsWith(beginningOf(name)));
  const end = lines.findLastIndex((line) => line.startsWith("|")) + 1;
  lines.splice(at === -1 ? end : at, at === -1 ? 0 : 1, row);
  writeFileSync(PAGE, lines.join("\n"));
}

function beginningOf(name: string): string {
  return `| [${name}](`;
}
