import { askStatus } from "./ask-control.ts";

/** Exit status 0 when every service is ready, else 1, with one line that says which is not. */
export async function health(): Promise<number> {
  const { ready, draining, services } = await askStatus();
  const waiting = services
    .filter((service) => !service.ready)
    .map(({ service, state }) => `${service} is ${state}`);
  console.log(ready ? "ready" : draining ? "stopping" : `not ready: ${waiting.join(", ")}`);
  return ready ? 0 : 1;
}
