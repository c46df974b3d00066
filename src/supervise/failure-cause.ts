/**
 * Of a service's last lines, what says why its application cannot be loaded: the last exception, or the words that
 * celery (by click) or gunicorn have of their own for it. Undefined if there is nothing of the kind.
 */
export function findCause(lines: readonly string[]): string | undefined {
  const usage = lines.findLastIndex((line) => line.startsWith("Error:"));
  // click ends with «Error: …», which may go on for several lines and may begin with an empty one.
  if (usage !== -1)
    return lines
      .slice(usage)
      .join(" ")
      .replace(/^Error:\s*/, "");
  return (
    lines.findLast((line) => /^[\w.]*(Error|Exception|ImproperlyConfigured)\b/.test(line)) ??
    lines.findLast((line) => line.startsWith("Failed to ")) ??
    // argparse's last line.
    lines.findLast((line) => line.startsWith("gunicorn: error: "))
  );
}
