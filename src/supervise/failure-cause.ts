/** Errors that keep an application from loading, however often it is tried. A missing database is not among them. */
const LOAD_ERRORS =
  /^(?:[\w.]+\.)?(?:ImportError|ModuleNotFoundError|SyntaxError|IndentationError|TabError|ImproperlyConfigured|SystemCheckError)\b/;

/** By its name; or one of a package's, which may be called as it likes (`kombu.exceptions.NotBoundYet: …`). */
const EXCEPTION = /^(?:[\w.]*(?:Error|Exception|ImproperlyConfigured)\b|(?:[a-z_]\w*\.)+[A-Z]\w*(?:: |$))/;

/** Where the package is missing, kombu has `None` in its place. */
const NO_REDIS = /^AttributeError: 'NoneType' object has no attribute 'Redis'$/;
const NO_REDIS_MEANS =
  "the package redis is not installed: add celery[redis] to the application's requirements";

/**
 * Why an application cannot be loaded, by the service's last lines: the last exception, or the message that celery (through
 * click) or gunicorn prints instead. Undefined if there is neither.
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
    lastException(lines) ??
    lines.findLast((line) => line.startsWith("Failed to ")) ??
    // argparse's last line.
    lines.findLast((line) => line.startsWith("gunicorn: error: "))
  );
}

/** Whether these last lines of a service that has ended say that its application cannot be loaded. */
export function saysItCannotLoad(lines: readonly string[]): boolean {
  const usage = lines.findLastIndex((line) => line.startsWith("Error:"));
  if (
    usage !== -1 &&
    /Unable to load celery application|Invalid value for '-A'/.test(lines.slice(usage).join(" "))
  )
    return true;
  const exception = lines.findLast((line) => EXCEPTION.test(line)) ?? "";
  return LOAD_ERRORS.test(exception) || NO_REDIS.test(exception);
}

/** The last line that names an exception: of a chain the one that ended it; with what it means, where it does not say so. */
export function lastException(lines: readonly string[]): string | undefined {
  const exception = lines.findLast((line) => EXCEPTION.test(line));
  return exception !== undefined && NO_REDIS.test(exception) ? `${exception} (${NO_REDIS_MEANS})` : exception;
}
