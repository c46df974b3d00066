"""Keeps the lease of the beat that leads, in a thread of its own: only there is the store spoken to.

The scheduler's thread may sleep for minutes, and must not hang where the store does not answer.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from djinit_beat_stores import Store
    from djinit_report import Report

log = logging.getLogger("celery.beat")

#: A leader that is gone is followed after this, and at most one period more.
LEASE_S = 2.5
PERIOD_S = 0.4
#: What the scheduler's thread waits for an answer. The lease is over by then, whatever it is.
ANSWER_S = LEASE_S
#: A scheduler that has not come round for so long hangs, mostly in its broker's library: another beat may do better.
HANG_S = 10.0
#: One that cannot reach its broker gives others so long to take over.
STEP_BACK_S = 2.0
#: A stop waits so long for the lease to be given back.
END_S = 2.0


def now() -> float:
    """Also counts while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Keeper(threading.Thread):
    """One for each beat. Its questions can be put in a signal's handler too: SimpleQueue allows it."""

    def __init__(self, store: Store, holder: str, report: Report, optional: bool) -> None:
        super().__init__(name="djinit-beat-lock", daemon=True)
        self.store = store
        self.holder = holder
        self.report = report
        self.optional = optional
        #: Until then nobody else can lead.
        self.until = 0.0
        #: Counts how often this beat has come to lead. Between two terms another may have.
        self.term = 0
        #: Whether the store does not let beat have a lock.
        self.refused = False
        self.leader: str | None = None
        self.failing_since: float | None = None
        self.ending = False
        #: Since when the scheduler is at what is due.
        self.busy_since: float | None = None
        self.back_until = 0.0
        self.questions: SimpleQueue[tuple[Callable[[], Any], SimpleQueue[Any]] | None] = SimpleQueue()

    def leads(self) -> bool:
        return now() < self.until and not self.ending

    def claim(self, runs: dict[str, float]) -> bool:
        """Whether this beat leads, and the store knows of these runs."""

        def put() -> bool:
            asked_at = now()
            kept = self.store.claim(self.holder, LEASE_S, runs)
            self.until = asked_at + LEASE_S if kept else 0.0
            return kept

        return bool(self.ask(put)) and self.leads()

    def runs(self) -> dict[str, float] | None:
        """When each entry ran last; None if the store does not answer."""
        answer: dict[str, float] | None = self.ask(self.store.runs)
        return answer

    def ask(self, question: Callable[[], Any]) -> Any:
        """In the other thread. None without an answer."""
        if self.ending:
            return None
        answer: SimpleQueue[Any] = SimpleQueue()
        self.questions.put((question, answer))
        try:
            return answer.get(timeout=ANSWER_S)
        except Empty:
            self.until = 0.0
            return None

    def step_back(self) -> None:
        """Let another beat try: this one cannot send."""
        self.back_until = now() + STEP_BACK_S

    def has_to_yield(self) -> bool:
        busy = self.busy_since
        return now() < self.back_until or (busy is not None and now() - busy > HANG_S)

    def end(self) -> None:
        """Let others lead at once."""
        if self.ending:
            return
        self.ending = True
        self.questions.put(None)
        if self.is_alive():
            self.join(END_S)

    def run(self) -> None:
        due = 0.0
        while True:
            try:
                question = self.questions.get(timeout=max(0.0, due - now()))
            except Empty:
                self.attempt(self.take)
                if self.refused and self.optional:
                    return
                due = now() + PERIOD_S
                continue
            if question is None:
                break
            question[1].put(self.attempt(question[0]))
        with suppress(Exception):
            self.store.release(self.holder)

    def take(self) -> None:
        if self.has_to_yield():
            if self.until:
                self.until = 0.0
                self.store.release(self.holder)
                log.info("beat lets another one lead: it cannot send")
            return
        led = self.leads()
        asked_at = now()
        leader = self.store.take(self.holder, LEASE_S)
        if leader != self.holder:
            self.until = 0.0
            if leader != self.leader:
                log.info("beat stands by: %s leads", leader.partition(" ")[0])
        else:
            self.term += 0 if led else 1
            self.until = asked_at + LEASE_S
        self.leader = leader

    def attempt(self, question: Callable[[], Any]) -> Any:
        """None where the store does not answer. Tells it once, and when it answers again."""
        answer = None
        try:
            answer = question()
        except Exception as error:
            self.store.close()
            refused = self.store.refuses(error)
            # One that was away may come back and refuse.
            if self.failing_since is None or refused != self.refused:
                self.failing_since = self.failing_since or time.monotonic()
                self.refused = refused
                self.say(str(error).strip() or type(error).__name__)
        else:
            if self.failing_since is not None:
                log.info("beat reaches its lock again")
            self.failing_since = None
            self.refused = False
        self.tell()
        return answer

    def say(self, why: str) -> None:
        kind = self.store.kind
        if not self.refused:
            log.warning("beat cannot reach its lock (%s), and sends nothing until it can: %s", kind, why)
        elif self.optional:
            text = "beat has no lock, since its user of %s may not keep one: a second beat would send all once more: %s"
            log.warning(text, kind, why)
        else:
            log.error("beat sends nothing, since its user of %s may not keep its lock: %s", kind, why)

    def tell(self) -> None:
        """What the probes and the metrics show."""
        if self.refused and self.optional:
            self.report.facts.pop("lock", None)
        else:
            leads_until = time.monotonic() + self.until - now() if self.until else 0.0
            facts = {"lock": self.store.kind, "leads_until": leads_until, "lock_lost": self.failing_since}
            self.report.facts.update(facts)
            if not self.leads():
                # Who does not send does not miss its broker.
                self.report.facts["state"] = "ticking"
        self.report.flush()
