// What the relay tells the metrics. Observers must not keep any of it.
import type { Fields } from "./record.ts";

/** One request to nginx. */
export interface AccessFacts {
  /** The Host header as the client wrote it; empty where there was none. */
  host: string;
  status: number;
  requestSeconds: number;
  /** Of the body. */
  bytesSent: number;
  upstreamSeconds: number | undefined;
  /** Served by Django, not from /static/ or /media/. */
  fromApplication: boolean;
  /** What nginx's cache made of it (`HIT`, `MISS`…); empty where it was not looked at. */
  cache: string;
}

export interface RelayObserver {
  /** Called for each access line of nginx. The object is reused: do not keep it. */
  access?(facts: AccessFacts): void;
  /** Called for each other record. */
  record?(service: string, fields: Fields): void;
  /** Called after each read, with what was relayed since the last call. */
  relayed?(service: string, lines: number, bytes: number): void;
}
