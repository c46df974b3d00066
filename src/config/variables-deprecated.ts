// Variables of docker-django-bootstrap that still work, with a warning.
import { integer, text } from "./value-types.ts";
import { variable } from "./variable.ts";

export const DEPRECATED_VARIABLES = {
  appModule: variable("APP_MODULE", text(), "The WSGI application.", { deprecated: "give it as CMD" }),
  celeryBroker: variable("CELERY_BROKER", text(), "The broker's URL.", {
    secret: true,
    deprecated: "set it in the application's configuration",
  }),
  celeryLogLevel: variable("CELERY_LOGLEVEL", text(), "Celery's log level.", {
    deprecated: "give --loglevel to the celery command",
  }),
  celeryConcurrency: variable(
    "CELERY_CONCURRENCY",
    integer(1, 1_024),
    "Processes of a celery worker; default 1.",
    {
      deprecated: "give --concurrency to the celery command",
    },
  ),
} as const;
