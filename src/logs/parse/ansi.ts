// Removes colours and cursor movements: escape sequences of a terminal.
const ANSI = /\u001b\[[0-9;?]*[ -/]*[@-~]/g;

export function withoutAnsi(text: string): string {
  return text.includes("\u001b") ? text.replaceAll(ANSI, "") : text;
}
