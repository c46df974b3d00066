import { EXAMPLE_TAG } from "../image/example.ts";
import { SERVICE_IMAGES } from "../image/service-image.ts";

export interface DemoContainer {
  /** Short, for people: `web`, `worker`. */
  role: string;
  name: string;
  image: string;
  command: string[];
  /** Values reach docker through its environment, not its arguments, which every user can see. */
  env: Record<string, string>;
  publish?: number;
  /** A command to run inside the container. The container is ready once it exits with 0. */
  readyCommand?: string[];
  /** Whether it runs djinit: its log is shown, and it is stopped in order instead of removed. */
  isOurs: boolean;
}

export interface DemoPlan {
  containers: DemoContainer[];
  network: boolean;
}

export interface DemoSecrets {
  secretKey: string;
  adminPassword: string;
  databasePassword: string;
}

/** With the WebSocket of its page /live/. */
const WEB = ["cake_service.asgi:application"];

/** One container with everything, on the example project's embedded defaults. */
export function planAllInOne(port: number, secrets: DemoSecrets): DemoPlan {
  const env = {
    SECRET_KEY: secrets.secretKey,
    SUPERUSER_PASSWORD: secrets.adminPassword,
    CELERY_WORKER: "1",
    CELERY_BEAT: "1",
  };
  const all = {
    role: "all",
    name: "djinit-demo",
    image: EXAMPLE_TAG,
    command: WEB,
    env,
    publish: port,
    isOurs: true,
  };
  return { containers: [all], network: false };
}

/** Web, worker, beat, Postgres and Redis, each in a container; in the order in which they start. */
export function planFull(port: number, secrets: DemoSecrets): DemoPlan {
  const name = (role: string) => `djinit-demo-${role}`;
  const env = {
    SECRET_KEY: secrets.secretKey,
    DATABASE_URL: `postgres://cake:${secrets.databasePassword}@${name("postgres")}:5432/cake`,
    CELERY_BROKER_URL: `redis://${name("redis")}:6379/0`,
    CACHE_URL: `rediscache://${name("redis")}:6379/1`,
  };
  const ours = { image: EXAMPLE_TAG, isOurs: true };
  return {
    network: true,
    containers: [
      {
        role: "postgres",
        name: name("postgres"),
        image: SERVICE_IMAGES.postgres,
        command: [],
        env: { POSTGRES_USER: "cake", POSTGRES_DB: "cake", POSTGRES_PASSWORD: secrets.databasePassword },
        readyCommand: ["pg_isready", "--host=127.0.0.1", "--quiet"],
        isOurs: false,
      },
      {
        role: "redis",
        name: name("redis"),
        image: SERVICE_IMAGES.redis,
        command: [],
        env: {},
        readyCommand: ["redis-cli", "ping"],
        isOurs: false,
      },
      // The web container migrates: worker and beat find the tables there.
      {
        ...ours,
        role: "web",
        name: name("web"),
        command: WEB,
        env: { ...env, SUPERUSER_PASSWORD: secrets.adminPassword },
        publish: port,
      },
      { ...ours, role: "worker", name: name("worker"), command: ["celery", "worker"], env },
      { ...ours, role: "beat", name: name("beat"), command: ["celery", "beat"], env },
    ],
  };
}
