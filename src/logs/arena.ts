// Where all that services write is read to: one place for all relays, since each has done with what it has read before
// the next one reads. That it is no argument of the functions that look at its bytes makes them markedly faster.

/** What one read brings at most: as much as a pipe holds. */
export const READ_BYTES = 64 * 1024;
/** Room before it for the beginning of a line that earlier reads have brought. */
export const CARRY_BYTES = 64 * 1024;
/** Bytes after it that are always 0: they end whatever is looked at four bytes at a time. */
const SLACK_BYTES = 8;

export const ARENA = Buffer.alloc(CARRY_BYTES + READ_BYTES + SLACK_BYTES);
/** The same bytes. */
export const WORDS = new DataView(ARENA.buffer, ARENA.byteOffset, ARENA.byteLength);
/** The part of it that is read to. */
export const READ_ROOM = ARENA.subarray(CARRY_BYTES, CARRY_BYTES + READ_BYTES);
