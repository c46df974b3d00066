// The session of one container's looks. It stays open during a pause where the server has room for that.
import type { SchemaSession } from "./session.ts";

export interface KeptSession {
  /** Opened, where it is not open. `isKept`: it has stayed open since the last look, and may have ended meanwhile. */
  open(isAgain: boolean): Promise<{ session: SchemaSession; isKept: boolean }>;
  /**
   * Keeps it open, or closes it: a hundred waiting containers would otherwise take all of the connections that Postgres has by default,
   * and the one that migrates would get none. The promise that is returned within resolves when another container lets go of the lock, where
   * that is told.
   */
  rest(): Promise<{ released: Promise<void> }>;
  close(): Promise<void>;
}

/** To open one takes ten times as long as to look, here and at the server. */
export function keepSession(connect: (isAgain: boolean) => Promise<SchemaSession>): KeptSession {
  let session: SchemaSession | undefined;
  let isKept = false;
  const close = async (): Promise<void> => {
    const ending = session;
    session = undefined;
    isKept = false;
    await ending?.close();
  };
  return {
    open: async (isAgain) => {
      session ??= await connect(isAgain);
      return { session, isKept };
    },
    rest: async () => {
      const { promise: released, resolve } = Promise.withResolvers<void>();
      isKept = (await session?.mayStay(resolve)) === true;
      if (!isKept) await close();
      return { released };
    },
    close,
  };
}
