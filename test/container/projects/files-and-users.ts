import { type Project, partsOf, usual } from "./project.ts";

/** Files and addresses of their own, users of their own, commands of their own. */
export const FILES_AND_USERS: readonly Project[] = [
  {
    name: "whitenoise",
    shape: "WhiteNoise, `STATIC_ROOT` is `build/assets`, hashed and compressed names",
    env: usual,
  },
  {
    name: "static-url",
    shape: "`STATIC_URL` is `/assets/`, `STATIC_ROOT` below `/var/www`",
    env: ({ database, redis }) => ({
      SECRET_KEY: "static-url",
      DATABASE_URL: database.url,
      CELERY_BROKER_URL: redis,
    }),
  },
  {
    name: "media-url",
    shape: "`/static/static/` and `/static/media/`, both below `/vol/web`; `DB_HOST`, `DB_PASS`, …",
    env: (backends) => {
      const { host, user, password, name } = partsOf(backends);
      return {
        SECRET_KEY: "media-url",
        ALLOWED_HOSTS: "127.0.0.1",
        DB_HOST: host,
        DB_NAME: name,
        DB_USER: user,
        DB_PASS: password,
        BROKER_URL: backends.redis,
      };
    },
    media: "/vol/web/media",
  },
  {
    name: "email-user",
    shape: "users by email, with required fields",
    env: (backends) => ({
      ...usual(backends),
      SUPERUSER_EMAIL: "boss@club.example",
      DJANGO_SUPERUSER_FIRST_NAME: "Ada",
      DJANGO_SUPERUSER_LAST_NAME: "King",
    }),
    login: "boss@club.example",
  },
  {
    name: "own-commands",
    shape: "`createsuperuser` and `migrate` of its own",
    env: usual,
  },
];
