// Variables of docker-django-bootstrap that still work, with a warning; without one where projects use the name as well.
import { text } from "./value-types.ts";
import { variable } from "./variable.ts";

export const DEPRECATED_VARIABLES = {
  appModule: variable("APP_MODULE", text(), "The WSGI application.", { deprecated: "give it as CMD" }),
  celeryBroker: variable(
    "CELERY_BROKER",
    text(),
    "The broker's URL; wins over the application's configuration. Without `://` it is the application's own affair.",
    { secret: true },
  ),
  celeryLogLevel: variable("CELERY_LOGLEVEL", text(), "Celery's log level.", {
    deprecated: "give --loglevel to the celery command",
  }),
} as const;
