/** A server that was started beside the boot, as its steps see it. */
export interface Ahead {
  /** Lets it load the application already, where it may: who reaches for the database meanwhile waits. */
  goAhead(): void;
  /** Ends it where it has begun to load the application ahead of what is changed now: its successor loads it anew. */
  dismiss(): void;
}
