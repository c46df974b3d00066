"""A mark in the database: the project's own `migrate` has run there, by which image and with which environment.

It is a comment on Django's table of migrations, so it goes where the database goes, and needs no table.
src/boot/schema/own-migrate.ts reads it.
"""

import contextlib
from typing import Any

BEGINNING = "djinit: the project's own migrate has run, by"
#: Containers of one image that have different variables.
MOST_ENVIRONMENTS = 8
LOOK = "SELECT obj_description('django_migrations'::regclass, 'pg_class')"


def leave(build: str, environment: str) -> None:
    """Write it, unless this is not the role's to do, or the table has a comment of somebody else's."""
    from django.db import connection, transaction

    if connection.vendor != "postgresql":
        return
    # Without it the command runs again at the next start.
    with contextlib.suppress(Exception), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', '2s', true)")
        cursor.execute(LOOK)
        text = marked(cursor.fetchone()[0], build, environment)
        if text is not None:
            # A comment takes no parameter.
            cursor.execute("SELECT quote_literal(%s)", [text])
            cursor.execute(f"COMMENT ON TABLE django_migrations IS {cursor.fetchone()[0]}")


def marked(comment: Any, build: str, environment: str) -> str | None:
    """What the comment is to be, given what it is; None where it is not ours."""
    if comment and not comment.startswith(BEGINNING):
        return None
    before, *environments = (comment or "").removeprefix(BEGINNING).split() or [""]
    others = [each for each in environments if each != environment] if before == build else []
    return " ".join([BEGINNING, build, *others[1 - MOST_ENVIRONMENTS :], environment])
