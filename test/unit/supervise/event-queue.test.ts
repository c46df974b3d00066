import { expect, test } from "vitest";
import { EventQueue } from "../../../src/supervise/event-queue.ts";

test("what an event causes is handled after it, in order, and before put returns", () => {
  const seen: string[] = [];
  const queue: EventQueue<string> = new EventQueue((event) => {
    seen.push(`${event} begins`);
    if (event === "a") {
      queue.put("b");
      queue.put("c");
    }
    if (event === "b") queue.put("d");
    seen.push(`${event} ends`);
  });
  queue.put("a");
  expect(seen).toEqual(["a", "b", "c", "d"].flatMap((event) => [`${event} begins`, `${event} ends`]));
});

test("a fault reaches the one that put the event, and what waited comes with the next", () => {
  const seen: string[] = [];
  const queue: EventQueue<string> = new EventQueue((event) => {
    seen.push(event);
    if (event !== "bad") return;
    queue.put("waits");
    throw new Error("broken");
  });
  expect(() => queue.put("bad")).toThrow("broken");
  expect(seen).toEqual(["bad"]);
  queue.put("stop");
  expect(seen).toEqual(["bad", "waits", "stop"]);
});
