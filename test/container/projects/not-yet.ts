import type { Cell } from "./cells.ts";

/** What is not true yet, and why. A cell of it that turns out to be true fails its test: then its line goes. */
export const NOT_YET: readonly { project: string; cell: Cell; why: string }[] = [];
