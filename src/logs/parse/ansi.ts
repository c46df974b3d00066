// Colours and cursor movements, for a terminal that is not there.
const ANSI = /\u001b\[[0-9;?]*[ -/]*[@-~]/g;

export function withoutAnsi(text: string): string {
  return text.includes("\u001b") ? text.replaceAll(ANSI, "") : text;
}
