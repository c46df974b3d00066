// The two containers of a pod, nginx's and the application's, as an engine starts them: one network, one volume.
import { type Container, type RunOptions, runContainer } from "../support/docker.ts";
import { runContext } from "../support/run-context.ts";

/** The application's own: the containers of a pod share their ports. */
export const APPLICATION_PORT = 9181;

export interface Pod extends AsyncDisposable {
  /** Has the network and the volume. */
  sandbox: Container;
  /** Another container of it. What is started is removed with the pod. */
  start(half: "nginx" | "application", options?: Partial<RunOptions>): Promise<Container>;
}

/** `volume`: what lies at /run/web; without it, a new volume of the engine's. */
export async function startPod(volume?: string): Promise<Pod> {
  const sandbox = await runContainer({
    image: runContext().images.djinit,
    entrypoint: "sleep",
    command: ["infinity"],
    publish: [8000, 9180, APPLICATION_PORT],
    volumes: [volume ?? "/run/web"],
  });
  const started: Container[] = [];
  return {
    sandbox,
    async start(half, { env = {}, more = [], ...options } = {}) {
      const container = await runContainer({
        image: runContext().images.djinit,
        network: `container:${sandbox.id}`,
        publish: [],
        ...options,
        env: {
          DJINIT_WEB: half,
          ...(half === "application" ? { DJINIT_ADMIN_PORT: String(APPLICATION_PORT) } : {}),
          ...env,
        },
        more: ["--volumes-from", sandbox.id, ...more],
      });
      started.push(container);
      return container;
    },
    async [Symbol.asyncDispose]() {
      for (const container of started) await container.rm();
      await sandbox.rm();
    },
  };
}
