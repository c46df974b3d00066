// The buffer that all output of services is read into. One buffer serves all relays, because each is done with its bytes
// before the next one reads. It is a constant and not an argument: functions that look at its bytes are markedly faster so.

/** Most bytes of one read: as much as a pipe holds. */
export const READ_BYTES = 64 * 1024;
/** Room before them for the beginning of a line from earlier reads. */
export const CARRY_BYTES = 64 * 1024;
/** Bytes after them that are always 0: loops that look at four bytes at a time end there. */
const SLACK_BYTES = 8;

export const ARENA = Buffer.alloc(CARRY_BYTES + READ_BYTES + SLACK_BYTES);
/** The same bytes. */
export const WORDS = new DataView(ARENA.buffer, ARENA.byteOffset, ARENA.byteLength);
/** The part that reads fill. */
export const READ_ROOM = ARENA.subarray(CARRY_BYTES, CARRY_BYTES + READ_BYTES);

/** Longest line that is passed on whole, in bytes; a longer one is cut and marked. */
export const MAX_LINE_BYTES = 256 * 1024;
