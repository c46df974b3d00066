// The files in which Python's prometheus_client keeps a process's metrics (prometheus_multiproc_dir). Pure.

export interface Entry {
  /** JSON: [metric, sample, labels, help]. */
  key: string;
  value: number;
  /** Seconds since 1970. Only some modes of gauges use it. */
  timestamp: number;
}

const HEADER_BYTES = 8;
const LENGTH_BYTES = 4;
const ALIGNMENT = 8;
const VALUE_BYTES = 8;

/** The bytes of the file that are in use. The rest is reserved. */
export function usedBytes(header: Buffer): number {
  return header.length < LENGTH_BYTES ? 0 : header.readInt32LE(0);
}

/**
 * The entries of one file. Before version 0.17 values had no timestamp. The file does not say which layout it has, but
 * only one of the two fits all of it. Errors: throws when neither fits.
 */
export function readEntries(data: Buffer): Entry[] {
  const entries = readAs(data, 2 * VALUE_BYTES) ?? readAs(data, VALUE_BYTES);
  if (entries === undefined) throw new Error("it is not laid out as prometheus_client does it");
  return entries;
}

function readAs(data: Buffer, valueBytes: number): Entry[] | undefined {
  const used = Math.min(usedBytes(data), data.length);
  const entries: Entry[] = [];
  let at = HEADER_BYTES;
  while (at < used) {
    const length = at + LENGTH_BYTES <= used ? data.readInt32LE(at) : -1;
    // The length and the key together are padded to the alignment, by at least one byte.
    const padded = length + ALIGNMENT - ((length + LENGTH_BYTES) % ALIGNMENT);
    const valueAt = at + LENGTH_BYTES + padded;
    if (length <= 0 || valueAt + valueBytes > used) return undefined;
    const key = data.toString("utf8", at + LENGTH_BYTES, at + LENGTH_BYTES + length);
    if (!key.startsWith("[") || !key.endsWith("]")) return undefined;
    const timestamp = valueBytes > VALUE_BYTES ? data.readDoubleLE(valueAt + VALUE_BYTES) : 0;
    entries.push({ key, value: data.readDoubleLE(valueAt), timestamp });
    at = valueAt + valueBytes;
  }
  return entries;
}
