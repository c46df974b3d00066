import { type Project, SAID, usual } from "./project.ts";

/** How they log. */
export const LOGGING: readonly Project[] = [
  { name: "logging-disables", shape: "logging with `disable_existing_loggers`", env: usual },
  { name: "json-logging", shape: "python-json-logger, for celery too", env: usual },
  {
    name: "structlog",
    shape: "django-structlog, for celery too",
    env: usual,
    said: [["info", "request_started"], ...SAID, ["info", "request_finished"]],
  },
  { name: "loguru", shape: "loguru, which intercepts the standard library's loggers", env: usual },
];
