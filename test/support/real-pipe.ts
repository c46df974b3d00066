import { closeSync } from "node:fs";
import { Socket } from "node:net";
import { makePipe } from "../../src/platform/libc.ts";

export interface RealPipe {
  readFd: number;
  writeFd: number;
  /** What has been read so far. Nothing is read before `read` is called. */
  text(): string;
  read(): void;
  /** Lets go of the read end: the writer gets EPIPE. */
  breakOff(): void;
}

/** A pipe of the kernel's, with a reader that can be late or leave. */
export function realPipe(): RealPipe {
  const { readFd, writeFd } = makePipe();
  const chunks: Buffer[] = [];
  let reader: Socket | undefined;
  return {
    readFd,
    writeFd,
    text: () => Buffer.concat(chunks).toString("utf8"),
    read: () => {
      reader = new Socket({ fd: readFd, readable: true, writable: false });
      reader.on("data", (chunk: Buffer) => chunks.push(chunk));
      reader.unref();
    },
    breakOff: () => {
      if (reader === undefined) closeSync(readFd);
      else reader.destroy();
    },
  };
}
