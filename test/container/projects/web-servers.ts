import { type Project, usual } from "./project.ts";

/** Those that have another web server than gunicorn. */
export const WEB_SERVERS: readonly Project[] = [
  {
    name: "uvicorn",
    shape: "uvicorn, with the host and port of its usual CMD",
    env: usual,
    server: "uvicorn",
  },
  { name: "granian", shape: "granian, WSGI", env: usual, server: "granian" },
  { name: "daphne", shape: "daphne and Channels, the shell form of CMD", env: usual, server: "daphne" },
];
