import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { DjinitError } from "../base/errors.ts";
import { CONTROL_SOCKET } from "../plan/paths.ts";
import type { Status } from "./status.ts";

const TIMEOUT_MS = 2_000;

/** The supervisor's status. Errors: DJINIT_NOT_RUNNING when nobody answers. */
export async function askStatus(): Promise<Status> {
  const socket = connect(CONTROL_SOCKET);
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)));
  socket.write("status\n");
  try {
    return JSON.parse(await text(socket)) as Status;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const cause = code === "EACCES" ? "only root and user djinit may" : message;
    throw new DjinitError("DJINIT_NOT_RUNNING", `cannot ask djinit: ${cause}`, { cause: error });
  }
}
