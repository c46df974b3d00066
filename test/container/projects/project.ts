// What the table says of a project of test/projects.
import type { Database } from "../../support/postgres.ts";

/** Where its database and its broker are. */
export interface Backends {
  database: Database;
  /** For a project that has a second one. */
  secondDatabase: Database;
  /** `redis://host:port/number` */
  redis: string;
}

export interface Project {
  /** Its folder in test/projects. */
  name: string;
  /** What is special about it, for docs/projects.md. */
  shape: string;
  /** What its users set at run time. */
  env(backends: Backends): Record<string, string>;
  /** The CMDs of its worker and its clock, and what runs them beside web; default: celery's. */
  processes?: { worker: string[]; beat: string[]; beside: Record<string, string> };
  /** The folder below /app that its apps lie in; default: /app itself. */
  appsIn?: string;
  /** What the superuser logs in with; default: admin. */
  login?: string;
  /** Where a volume for uploads is mounted; default: /app/media. */
  media?: string;
  /** Its web server; default: gunicorn. */
  server?: string;
  /** A WebSocket that says back what it is told. It is part of the page. */
  socket?: string;
  /** What the log has after the page /talk/ was asked for; default: SAID. */
  said?: readonly Said[];
}

/** A record of the project's: its level and the end of its message; of an exception, its type too. */
export type Said = readonly [level: string, message: string | RegExp, exception?: string];

/** What test/fixtures/board says at /talk/, of a project that logs from `info` on with levels that can be read. */
export const SAID: readonly Said[] = [
  ["info", "the oven is warm"],
  ["warn", "the flour runs low"],
  ["error", "the oven is cold"],
  ["error", "cannot bake", "ValueError"],
];

/** The database's host, user and so on, one by one. */
export function partsOf({ database }: Backends) {
  const { hostname: host, port, username: user, password } = new URL(database.url);
  return { host, port, user, password, name: database.name };
}

/** The names that most projects have: a URL each. */
export function usual({ database, redis }: Backends): Record<string, string> {
  return { SECRET_KEY: "of-a-test", DATABASE_URL: database.url, REDIS_URL: redis };
}
