"""Waiting for another container without holding a connection: a hundred of them would take all that Postgres has."""

from __future__ import annotations

import random
import time

import djinit_blame

FIRST_PAUSE_SECONDS = 0.1
FACTOR = 1.25
#: Of a short wait.
LONG_PAUSE_SECONDS = 1.0
#: A pause may make a long wait this much longer, until it is the longest: src/boot/database/look-pauses.ts.
SHARE_OF_WAIT = 0.05
LONGEST_PAUSE_SECONDS = 5.0
#: A database that has answered before is waited for as long, where it has no connection left.
AWAY_SECONDS = 60.0


class Patience:
    """The pauses between the looks of one wait, and how long the database may be away meanwhile."""

    def __init__(self) -> None:
        self.started = self.answered = time.monotonic()
        self.growing = FIRST_PAUSE_SECONDS

    def next_pause(self) -> float:
        """Seconds until the next look."""
        waited = time.monotonic() - self.started
        most = min(max(waited * SHARE_OF_WAIT, LONG_PAUSE_SECONDS), LONGEST_PAUSE_SECONDS)
        pause = min(self.growing, most)
        self.growing = min(self.growing * FACTOR, LONGEST_PAUSE_SECONDS)
        return pause * random.uniform(0.7, 1)

    def has_answered(self) -> None:
        """A look has come to its end."""
        self.answered = time.monotonic()

    def bears(self, error: BaseException) -> bool:
        """Whether to look again after this failure of a look."""
        is_away = djinit_blame.blame(error) == djinit_blame.UNAVAILABLE
        return is_away and time.monotonic() - self.answered < AWAY_SECONDS
