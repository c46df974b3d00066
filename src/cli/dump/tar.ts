// A tar archive of texts (ustar), as tar(1) and every viewer read it.
import { gzipSync } from "node:zlib";

export interface Part {
  /** At most 80 characters. */
  name: string;
  text: string;
}

const BLOCK_BYTES = 512;
const CHECKSUM = { at: 148, length: 8 };

/** The parts as files of one folder. */
export function archive(folder: string, parts: readonly Part[], at: Date): Buffer {
  const blocks = parts.flatMap(({ name, text }) => {
    const data = Buffer.from(text);
    const rest = (BLOCK_BYTES - (data.length % BLOCK_BYTES)) % BLOCK_BYTES;
    return [headerOf(`${folder}/${name}`, data.length, at), data, Buffer.alloc(rest)];
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK_BYTES)]));
}

function headerOf(path: string, bytes: number, at: Date): Buffer {
  const header = Buffer.alloc(BLOCK_BYTES);
  const octal = (value: number, length: number): string => `${value.toString(8).padStart(length - 1, "0")}\0`;
  const seconds = Math.floor(at.getTime() / 1000);
  // Its checksum counts as spaces.
  const fields: [at: number, text: string][] = [
    [0, path],
    [100, octal(0o600, 8)],
    [108, octal(0, 8)],
    [116, octal(0, 8)],
    [124, octal(bytes, 12)],
    [136, octal(seconds, 12)],
    [CHECKSUM.at, " ".repeat(CHECKSUM.length)],
    [156, "0"],
    [257, "ustar\0"],
    [263, "00"],
  ];
  for (const [offset, text] of fields) header.write(text, offset, "latin1");
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${octal(sum, 7)} `, CHECKSUM.at, "latin1");
  return header;
}
