// Several processes of one entry, and the name that means all of them.

/** `rq`; of several `rq.1`, `rq.2`. */
export function serviceNames(name: string, count: number): string[] {
  return count === 1 ? [name] : Array.from({ length: count }, (_, at) => `${name}.${at + 1}`);
}

/** The services that a name means: the one that has it, or all of the entry's. */
export function namedBy<Named extends { name: string }>(
  services: readonly Named[],
  name: string | undefined,
): Named[] {
  const exact = services.filter((service) => service.name === name);
  return exact.length > 0 ? exact : services.filter((service) => groupOf(service.name) === name);
}

/** The entry's name, of one of several; undefined for a service that is alone. */
export function groupOf(service: string): string | undefined {
  return /^(.+)\.\d+$/.exec(service)?.[1];
}
