// Tracebacks as Python 3.13 prints them.
export const SIMPLE = `Traceback (most recent call last):
  File "/app/cakes/views.py", line 12, in bake
    raise ValueError("no flour")
ValueError: no flour`;

export const WITHOUT_MESSAGE = `Traceback (most recent call last):
  File "/app/cakes/views.py", line 12, in bake
    oven.wait()
    ~~~~~~~~~^^
KeyboardInterrupt`;

export const CHAINED = `Traceback (most recent call last):
  File "/app/a.py", line 1, in f
    {}["sugar"]
    ~~^^^^^^^^^
KeyError: 'sugar'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/app/a.py", line 3, in f
    raise LookupError("no sugar")
LookupError: no sugar`;

/** psycopg's exceptions have several lines; Django wraps each of them. */
export const POSTGRES = `Traceback (most recent call last):
  File "/opt/venv/lib/python3.13/site-packages/django/db/backends/utils.py", line 105, in _execute
    return self.cursor.execute(sql, params)
psycopg.errors.UniqueViolation: duplicate key value violates unique constraint "auth_user_username_key"
DETAIL:  Key (username)=(admin) already exists.

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/app/a.py", line 3, in f
    user.save()
django.db.utils.IntegrityError: duplicate key value violates unique constraint "auth_user_username_key"
DETAIL:  Key (username)=(admin) already exists.`;

export const POSTGRES_SYNTAX = `Traceback (most recent call last):
  File "/app/a.py", line 3, in f
    cursor.execute("SELEC 1")
django.db.utils.ProgrammingError: syntax error at or near "SELEC"
LINE 1: SELEC 1
        ^`;

export const GROUP = `  + Exception Group Traceback (most recent call last):
  |   File "/app/a.py", line 5, in f
  |     raise ExceptionGroup("two cakes burnt", [ValueError("1"), TypeError("2")])
  | ExceptionGroup: two cakes burnt (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "/app/a.py", line 2, in g
    |     raise ValueError("1")
    | ValueError: 1
    +---------------- 2 ----------------
    | TypeError: 2
    +------------------------------------`;

export const SYNTAX_ERROR = `Traceback (most recent call last):
  File "<frozen importlib._bootstrap>", line 488, in _call_with_frames_removed
  File "/app/cakes/models.py", line 3
    class Cake(
              ^
SyntaxError: '(' was never closed`;

export const ALL = { SIMPLE, WITHOUT_MESSAGE, CHAINED, POSTGRES, POSTGRES_SYNTAX, GROUP, SYNTAX_ERROR };
