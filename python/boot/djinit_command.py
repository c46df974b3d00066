"""The project's own `migrate` command: whether Django alone could say what it would apply.

One that only says something, or takes more arguments, applies what Django's own does, so it need not be started where nothing is
pending. One that goes through tenants or databases decides by itself, as far as its text can tell.
"""

import ast
import inspect
import sys
import textwrap
from typing import Any

#: What a subclass may define and still migrate the default database, and it alone.
HARMLESS = {
    "add_arguments",
    "autodetector",
    "help",
    "migration_progress_callback",
    "output_transaction",
    "requires_migrations_checks",
    "requires_system_checks",
    "stealth_options",
    "style",
    "suppressed_base_arguments",
}
#: What makes it run, which may do no more than to say something before or after.
ENTRIES = ("handle", "execute")
#: Calls that only say something.
SAYING = ("print", "self.stdout.", "self.stderr.", "logger.", "logging.", "log.", "warnings.warn")


def own_command() -> tuple[bool, Any]:
    """(whether the project has its own `migrate`, the command)."""
    from django.core.management import get_commands, load_command_class

    app = get_commands()["migrate"]
    return app != "django.core", load_command_class(app, "migrate") if isinstance(app, str) else app


def own_decisions() -> str | None:
    """Why only the project's own `migrate` can tell what it would apply; None where Django can."""
    is_own, command = own_command()
    if not is_own or passes_on(type(command)):
        return None
    kind = type(command)
    return f"the project has a migrate command of its own, {kind.__module__}, which may do more than Django's"


def passes_on(kind: type) -> bool:
    """Whether all that it does is to call Django's own, once, with what it was given."""
    from django.core.management.commands.migrate import Command

    if not issubclass(kind, Command):
        return False
    for each in kind.__mro__[: kind.__mro__.index(Command)]:
        for name, value in vars(each).items():
            if name.startswith("__") or name in HARMLESS:
                continue
            if name not in ENTRIES or not is_passed_on(value, name):
                return False
    return True


def files() -> list[str]:
    """Where the command comes from, with its bases."""
    _, command = own_command()
    modules = (sys.modules.get(each.__module__) for each in type(command).__mro__)
    return [file for module in modules if (file := getattr(module, "__file__", None))]


def is_passed_on(function: Any, name: str) -> bool:
    """Whether this method says something at most, and passes all its arguments on."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return False
    [method] = tree.body
    if not isinstance(method, ast.FunctionDef) or method.decorator_list:
        return False
    given = method.args
    if given.vararg is None or given.kwarg is None or given.kwonlyargs or len(given.args) + len(given.posonlyargs) != 1:
        return False
    passed_on = f"super().{name}(*{given.vararg.arg}, **{given.kwarg.arg})"
    calls = 0
    for statement in method.body:
        if isinstance(statement, ast.Return) and isinstance(statement.value, ast.Name):
            continue
        value = getattr(statement, "value", None)
        if isinstance(statement, (ast.Expr, ast.Return, ast.Assign)) and value is not None and ast.unparse(value) == passed_on:
            calls += 1
        elif not isinstance(statement, ast.Expr) or not only_says(statement.value):
            return False
    return calls == 1


def only_says(value: ast.expr) -> bool:
    """A docstring, or a call such as `print(...)` whose arguments call nothing but how to put it."""
    if isinstance(value, ast.Constant):
        return True
    if not isinstance(value, ast.Call) or not ast.unparse(value.func).startswith(SAYING):
        return False
    parts = [part for each in (*value.args, *value.keywords) for part in ast.walk(each)]
    inner = [ast.unparse(part.func) for part in parts if isinstance(part, ast.Call)]
    return all(call.startswith("self.style.") for call in inner)
