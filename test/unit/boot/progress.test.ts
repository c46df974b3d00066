import { describe, expect, test } from "vitest";
import { BootProgress, describeProgress } from "../../../src/boot/progress.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

function started() {
  const clock = new VirtualClock();
  const progress = new BootProgress(clock, 400);
  return { clock, progress, says: () => describeProgress(progress.now()) };
}

describe("a boot that is under way", () => {
  test("counts from the start of the container, not of this program", () => {
    const { clock, progress, says } = started();
    clock.advance(2_000);
    expect(progress.now()).toEqual({ totalSeconds: 2.4 });
    expect(says()).toBe("is booting for 2 s");
  });

  test("names the step, since when, and what it waits for", () => {
    const { clock, progress, says } = started();
    progress.onStepStarted("wait-for-database");
    clock.advance(12_600);
    progress.onWaiting("db:5432/cakes: connection refused");
    // Said again by each attempt: it is the same step.
    progress.onStepStarted("wait-for-database");
    expect(says()).toBe("is booting: wait-for-database for 12 s, waiting: db:5432/cakes: connection refused");
    progress.onStep({ step: "wait-for-database" });
    expect(says()).toBe("is booting for 13 s");
    progress.onStepStarted("migrate");
    expect(says()).toBe("is booting: migrate for 0 s");
  });

  test("counts the migrations, and names the one that is being applied", () => {
    const { clock, progress, says } = started();
    progress.onStepStarted("migrate");
    progress.onWaiting("another container migrates this database");
    progress.onPending(12);
    progress.onMigrating("cakes.0001_initial");
    progress.onMigrated(1);
    expect(says()).toBe("is booting: migrate for 0 s, 1 of 12 migrations applied");
    progress.onMigrating("cakes.0002_price");
    clock.advance(600_000);
    expect(says()).toBe(
      "is booting: migrate for 600 s, 1 of 12 migrations applied, cakes.0002_price is being applied",
    );
    expect(progress.now().migrations).toEqual({ applied: 1, total: 12, current: "cakes.0002_price" });
  });

  test("where Django does not say how many there are, it counts what is done", () => {
    const { progress, says } = started();
    progress.onStepStarted("migrate");
    progress.onMigrating("cakes.0001_initial");
    progress.onMigrated(1);
    expect(says()).toBe("is booting: migrate for 0 s, 1 migrations applied");
  });

  test("does not speak of migrations in a later step", () => {
    const { progress, says } = started();
    progress.onMigrated(3);
    progress.onStepStarted("collectstatic");
    expect(says()).toBe("is booting: collectstatic for 0 s");
  });
});
