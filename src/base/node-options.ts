// The options of V8 in both lives of PID 1. What V8 made of the bundles when the image was built (tools/image/precompiled) holds
// for these options only.

/** The boot has a large nursery: it ends before a collection would pay. docker/preload/djinit.c has it too. */
export const LARGE_NURSERY = "--min-semi-space-size=16";

/**
 * The second life runs for weeks and must stay small: a small nursery, and no helper threads with memory of their own.
 * Some options make Node's precompiled modules invalid: with `--single-threaded`, `--expose-gc` or
 * `--initial-old-space-size` it compiles net, http and child_process at each start, for 10 ms and more.
 */
export const SMALL_HEAP = [
  "--max-semi-space-size=1",
  "--single-threaded-gc",
  "--no-concurrent-recompilation",
  "--no-concurrent-sparkplug",
  "--v8-pool-size=0",
];
