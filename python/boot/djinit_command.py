"""The project's own `migrate` command: whether Django alone could say what it would apply, and what else it does.

One that only says something, or takes more arguments, applies what Django's own does, so it need not be started where nothing is
pending. One that does that, and some work of its own besides, has work that does not change from start to start of one image. One
that goes through tenants or databases decides by itself. All that is told as far as its text can tell.
"""

import ast
import enum
import inspect
import re
import sys
import textwrap
from collections.abc import Iterator
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
#: Calls that only ask how the container is set.
ASKING = ("os.environ.get", "os.getenv", "options.get", "kwargs.get")
#: Options that do not change what is applied.
SAME_WORK = {"force_color", "interactive", "no_color", "skip_checks", "traceback", "verbosity"}
#: What stands around it and lets it do as it would alone.
AROUND = re.compile(r"(?i)(?<!b)lock|atomic|nullcontext|redirect_std")
#: Other schemas or databases, whose state the history of the default database does not tell.
ELSEWHERE = re.compile(r"(?i)connections|databases|migrat|schema|tenant")


class Work(enum.IntEnum):
    """What a `migrate` command does, of the parts that it consists of the worst."""

    DJANGOS = 0
    #: Django's, once, with what it was given; and something else.
    MORE = 1
    #: Which migrations it applies, and where, is its own affair.
    OWN = 2


def own_command() -> tuple[bool, Any]:
    """(whether the project has its own `migrate`, the command)."""
    from django.core.management import get_commands, load_command_class

    app = get_commands()["migrate"]
    return app != "django.core", load_command_class(app, "migrate") if isinstance(app, str) else app


def own_work() -> tuple[Work, str]:
    """What the `migrate` of this project does, and which module it is in."""
    is_own, command = own_command()
    kind = type(command)
    return work_of(kind) if is_own else Work.DJANGOS, kind.__module__


def work_of(kind: type) -> Work:
    """As far as the text of its class, and of the project's classes that it is made of, can tell."""
    from django.core.management.commands.migrate import Command

    if not issubclass(kind, Command):
        return Work.OWN
    parts = [Work.DJANGOS]
    for each in kind.__mro__[: kind.__mro__.index(Command)]:
        for name, value in vars(each).items():
            if name in ENTRIES:
                parts.append(work_in(value, name))
            elif not name.startswith("__") and name not in HARMLESS:
                parts.append(Work.OWN if hasattr(Command, name) or leads_elsewhere(value) else Work.MORE)
    return max(parts)


def files() -> list[str]:
    """Where the command comes from, with its bases."""
    _, command = own_command()
    modules = (sys.modules.get(each.__module__) for each in type(command).__mro__)
    return [file for module in modules if (file := getattr(module, "__file__", None))]


def method_of(function: Any) -> ast.FunctionDef | None:
    """Its text; None where there is none to be had."""
    try:
        [method] = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    except (OSError, TypeError, SyntaxError, ValueError):
        return None
    return method if isinstance(method, ast.FunctionDef) else None


def work_in(function: Any, name: str) -> Work:
    """What this method does, which Django calls."""
    method = method_of(function)
    if method is None or method.decorator_list:
        return Work.OWN
    given = method.args
    if given.kwarg is None or given.kwonlyargs or len(given.args) + len(given.posonlyargs) != 1:
        return Work.OWN
    options = given.kwarg.arg
    passed_on = ", ".join(([f"*{given.vararg.arg}"] if given.vararg else []) + [f"**{options}"])
    supers = [node for node in ast.walk(method) if is_super(node)]
    ways = (f"super().{name}({passed_on})", f"super({{}}, self).{name}({passed_on})")
    if len(supers) != 1 or not any(re.sub(r"^super\(\w+, ", "super({}, ", ast.unparse(supers[0])) == way for way in ways):
        return Work.OWN
    plain = list(statements(method.body))
    if not any(value_of(each) is supers[0] for each in plain) or changes(method, options) or ends_early(method, supers[0]):
        return Work.OWN
    rest = [each for each in plain if value_of(each) is not supers[0]]
    if all(is_harmless(each, options) for each in rest) and all(is_around(each) for each in wholes(method.body)):
        return Work.DJANGOS
    return Work.OWN if leads_elsewhere(function) else Work.MORE


def is_super(node: ast.AST) -> bool:
    """A call of a base class's method."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    return isinstance(node.func.value, ast.Call) and ast.unparse(node.func.value.func) == "super"


def statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Those that are done in any case, one by one."""
    for each in body:
        if isinstance(each, ast.With):
            yield from statements(each.body)
        else:
            yield each


def wholes(body: list[ast.stmt]) -> Iterator[ast.With]:
    """What stands around others."""
    for each in body:
        if isinstance(each, ast.With):
            yield each
            yield from wholes(each.body)


def value_of(statement: ast.stmt) -> ast.expr | None:
    """What an expression, an assignment or a `return` is of."""
    return statement.value if isinstance(statement, (ast.Expr, ast.Assign, ast.Return)) else None


def changes(method: ast.FunctionDef, options: str) -> bool:
    """Whether it changes what Django's own is told to do, or may."""
    for node in ast.walk(method):
        if isinstance(node, ast.Name) and node.id == options and not isinstance(node.ctx, ast.Load):
            return True
        if isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load) and ast.unparse(node.value) == options:
            key = node.slice.value if isinstance(node.slice, ast.Constant) else None
            if key not in SAME_WORK:
                return True
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) == options:
            first = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else None
            if node.func.attr != "get" and not (node.func.attr == "setdefault" and first in SAME_WORK):
                return True
        # Whoever else gets it as it is may change it.
        if isinstance(node, ast.Call) and any(isinstance(each, ast.Name) and each.id == options for each in node.args):
            return True
    return False


def ends_early(method: ast.FunctionDef, call: ast.AST) -> bool:
    """Whether it may end without Django's own."""
    ends = (node for node in ast.walk(method) if isinstance(node, (ast.Return, ast.Yield, ast.YieldFrom)))
    return any(getattr(node, "value", None) is not call and node is not method.body[-1] for node in ends)


def is_harmless(statement: ast.stmt, options: str) -> bool:
    """Whether it only says something, prepares for that, or sets an option that makes no difference."""
    if isinstance(statement, (ast.Import, ast.ImportFrom, ast.Pass)):
        return True
    if isinstance(statement, ast.If):
        return calls_only(statement.test, ASKING) and all(
            is_harmless(each, options) for each in statement.body + statement.orelse
        )
    if isinstance(statement, ast.Assign):
        # What it may be is looked at by `changes`.
        only_options = all(isinstance(each, ast.Subscript) and ast.unparse(each.value) == options for each in statement.targets)
        return only_options and calls_only(statement.value, ASKING)
    if isinstance(statement, ast.Return):
        return statement.value is None or isinstance(statement.value, (ast.Name, ast.Constant))
    if not isinstance(statement, ast.Expr):
        return False
    value = statement.value
    is_default = isinstance(value, ast.Call) and ast.unparse(value.func) == f"{options}.setdefault"
    return only_says(value) or (is_default and calls_only(value, (f"{options}.setdefault",)))


def is_around(block: ast.With) -> bool:
    """Whether all that it does is to hold a lock, or a transaction."""
    return all(AROUND.search(ast.unparse(item.context_expr)) and calls_at_most(item.context_expr, 1) for item in block.items)


def calls_in(value: ast.expr) -> list[str]:
    """What is called in it."""
    return [ast.unparse(part.func) for part in ast.walk(value) if isinstance(part, ast.Call)]


def calls_at_most(value: ast.expr, count: int) -> bool:
    """Whether it has so few calls."""
    return len(calls_in(value)) <= count


def calls_only(value: ast.expr, names: tuple[str, ...]) -> bool:
    """Whether it calls nothing else."""
    return all(call in names for call in calls_in(value))


def leads_elsewhere(value: Any) -> bool:
    """Whether a method, or another part of a class, has words of other schemas or databases; or nothing can be seen of it."""
    if not callable(value):
        return False
    method = method_of(value)
    if method is None:
        return True
    for node in ast.walk(method):
        words = [getattr(node, name, None) for name in ("id", "attr", "arg", "name", "module")]
        if isinstance(node, ast.Constant) and not is_docstring(node, method):
            words.append(node.value)
        if is_super(node) or node is method:
            continue
        if any(isinstance(word, str) and ELSEWHERE.search(word) for word in words):
            return True
    return False


def is_docstring(node: ast.Constant, method: ast.FunctionDef) -> bool:
    """A text that nobody takes."""
    return any(isinstance(each, ast.Expr) and each.value is node for each in ast.walk(method))


def only_says(value: ast.expr) -> bool:
    """A docstring, or a call such as `print(...)` whose arguments call nothing but how to put it."""
    if isinstance(value, ast.Constant):
        return True
    if not isinstance(value, ast.Call) or not ast.unparse(value.func).startswith(SAYING):
        return False
    parts = [part for each in (*value.args, *value.keywords) for part in ast.walk(each)]
    inner = [ast.unparse(part.func) for part in parts if isinstance(part, ast.Call)]
    return all(call.startswith("self.style.") for call in inner)
