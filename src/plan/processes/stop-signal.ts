/** Programs whose gentle stop is another signal than TERM. To huey, TERM means: leave the tasks where they are. */
const STOPS_BY_INT = /(^|\s|\/)(run_huey|huey_consumer(\.py)?|run_djangohuey)(\s|$)/;

export function stopSignalOf(line: string): NodeJS.Signals {
  return STOPS_BY_INT.test(line) ? "SIGINT" : "SIGTERM";
}
