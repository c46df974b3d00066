import { expect, test } from "vitest";
import { PacedSource } from "../../../../src/logs/read/paced-source.ts";
import { VirtualClock } from "../../../support/virtual-clock.ts";

const MUCH = 32 * 1024;

function start() {
  const clock = new VirtualClock();
  const state = { flows: true };
  const source = new PacedSource(
    {
      pause: () => {
        state.flows = false;
      },
      resume: () => {
        state.flows = true;
      },
    },
    clock,
  );
  /** Reads `bytes` after `delayMs`. */
  const readAfter = (delayMs: number, bytes = 100) => {
    clock.advance(delayMs);
    source.hasRead(bytes);
  };
  return { clock, state, source, readAfter };
}

test("lines that come now and then are read at once", () => {
  const { state, readAfter } = start();
  for (let line = 0; line < 10; line += 1) {
    readAfter(9);
    expect(state.flows).toBe(true);
  }
});

test.each([
  ["five milliseconds, where little comes", 100, 5],
  ["as long as 24 KiB take", 8 * 1024, 3],
  ["one millisecond, where much comes", 30 * 1024, 1],
])("a busy pipe gathers after each read: %s", (_, bytes, restMs) => {
  const { clock, state, readAfter } = start();
  readAfter(10, bytes);
  for (let gulp = 0; gulp < 10; gulp += 1) {
    readAfter(1, bytes);
    clock.advance(restMs - 1);
    expect(state.flows).toBe(false);
    clock.advance(1);
    expect(state.flows).toBe(true);
    readAfter(20, bytes);
  }
});

test("who could fill the pipe meanwhile is read without rests", () => {
  const { clock, state, readAfter } = start();
  readAfter(10, MUCH);
  for (let ms = 0; ms < 49; ms += 1) {
    readAfter(1);
    expect(state.flows).toBe(true);
  }
  readAfter(1);
  expect(state.flows).toBe(false);
  clock.advance(5);
  readAfter(0, MUCH);
  expect(state.flows).toBe(true);
});

test("a rest does not end a pause, nor a pause's end a rest", () => {
  const { clock, state, source, readAfter } = start();
  readAfter(10);
  readAfter(1);
  source.pause();
  clock.advance(5);
  expect(state.flows).toBe(false);
  source.resume();
  expect(state.flows).toBe(true);

  readAfter(1);
  source.pause();
  source.resume();
  expect(state.flows).toBe(false);
  clock.advance(5);
  expect(state.flows).toBe(true);
});

test("a source that has ended is left alone", () => {
  const { clock, state, source, readAfter } = start();
  readAfter(10);
  readAfter(1);
  source.end();
  clock.advance(10);
  expect(state.flows).toBe(false);
});
