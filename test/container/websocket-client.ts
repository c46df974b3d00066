// Clients that hold a WebSocket open.
import type { Container } from "../support/docker.ts";

export interface OpenSocket {
  /** Resolves with the code of the close frame; 1006 where there was none. */
  closed: Promise<number>;
  close(): void;
  /** Resolves with the next message that comes back. */
  say(text: string): Promise<string>;
}

/** Opens one, and has a message come back. Errors: the server does not take it. */
export async function openSocket(container: Container, path = "/socket"): Promise<OpenSocket> {
  const socket = new WebSocket((await container.url(path)).replace(/^http/, "ws"));
  const opened = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<number>();
  socket.onopen = () => socket.send("hello");
  socket.onmessage = () => opened.resolve();
  socket.onclose = ({ code }) => {
    closed.resolve(code);
    opened.reject(new Error(`cannot open a WebSocket: closed with ${code}`));
  };
  await opened.promise;
  const say = (text: string): Promise<string> => {
    const { promise, resolve } = Promise.withResolvers<string>();
    socket.onmessage = ({ data }) => resolve(String(data));
    socket.send(text);
    return promise;
  };
  return { closed: closed.promise, close: () => socket.close(), say };
}
