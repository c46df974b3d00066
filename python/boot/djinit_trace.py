"""What the list of apps in a project's settings follows from: variables and files.

Most settings read dozens of variables, of which none or a few decide on INSTALLED_APPS. While the settings are imported,
each look at a variable or a file is noted with the lines that led to it; afterwards only those count whose lines
can have had an influence on the names that matter.
"""

import ast
import os
import sys
from types import FrameType
from typing import Any

NAMES = {"INSTALLED_APPS", "MIGRATION_MODULES", "AUTH_USER_MODEL", "DATABASE_ROUTERS"}
DATABASE = {"DATABASES"}
# What they do to the names of a module cannot be told from the text.
OPAQUE = {"vars", "locals", "globals", "exec", "eval", "include", "setattr"}
CODE = (".py", ".pyc", ".so")
WHOLE = "*"
#: File and number.
Line = tuple[str, int]
# They read variables after the settings are imported, where no line of the settings is at work.
LATE_READERS = {"configurations", "dynaconf"}


class Trace:
    """From its making to `stop`: who looked at what. `reads` has (kind, name, lines), lines as (file, number)."""

    def __init__(self) -> None:
        self.reads: list[tuple[str, str, list[Line]]] = []
        self.active = True
        trace = self

        class Environ(type(os.environ)):  # type: ignore[misc]  # os._Environ
            def __getitem__(self, key: str) -> Any:
                trace.note("variable", key)
                return super().__getitem__(key)

            def __iter__(self) -> Any:
                trace.note("variable", WHOLE)
                return super().__iter__()

        self.before = type(os.environ)
        os.environ.__class__ = Environ
        self.modules = set(sys.modules)
        #: Those that the settings have loaded, in their order.
        self.loaded: list[str] = []
        # Hooks cannot be taken out again.
        sys.addaudithook(self.on_event)

    def on_event(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Audit hook: note the files that are opened, but for code."""
        if self.active and event == "open" and isinstance(arguments[0], str):
            path = os.path.abspath(arguments[0])
            elsewhere = ("/proc/", "/dev/", "/sys/", sys.prefix, sys.base_prefix)
            # Where modules are not compiled yet, Python writes them to files with other endings first.
            is_code = path.endswith((*CODE, "__")) or f"{os.sep}__pycache__{os.sep}" in path
            if not is_code and not path.startswith(elsewhere):
                self.note("file", path)

    def note(self, kind: str, name: object) -> None:
        """Note who looks at this, by the lines outside of functions on the stack."""
        if not self.active or not isinstance(name, str):
            return
        lines: list[Line] = []
        frame: FrameType | None = sys._getframe(2)
        while frame is not None:
            # Lines inside functions are reached from one outside of them.
            if frame.f_code.co_name == "<module>":
                lines.append((frame.f_code.co_filename, frame.f_lineno))
            frame = frame.f_back
        self.reads.append((kind, name, lines))

    def stop(self) -> None:
        """The settings are imported."""
        self.active = False
        os.environ.__class__ = self.before
        self.loaded = [name for name in sys.modules if name not in self.modules]
        self.modules = set(self.loaded)


def project_files(modules: set[str], settings: str) -> dict[str, str]:
    """Source files of the settings, and of what they import from the project rather than from installed packages."""
    files: dict[str, str] = {}
    top = settings.partition(".")[0]
    for name in modules | {settings}:
        path = getattr(sys.modules.get(name), "__file__", None)
        ours = name.partition(".")[0] == top or (path and path.startswith(os.getcwd() + os.sep))
        installed = path and "site-packages" in path.removeprefix(os.getcwd())
        if path and (name == settings or (path.endswith(".py") and ours and not installed)):
            files[path] = name
    return files


def names_in(node: ast.AST, context: type[ast.expr_context]) -> set[str]:
    """Names that are read (ast.Load) or bound (ast.Store) in it."""
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, context)}


def is_opaque(node: ast.AST) -> bool:
    """Whether it may bind any name."""
    for part in ast.walk(node):
        if isinstance(part, ast.ImportFrom) and any(alias.name == "*" for alias in part.names):
            return True
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id in OPAQUE:
            return True
    return False


def defined_by(node: ast.AST) -> set[str]:
    """Names that a statement binds, or may change by a method or an item."""
    names = names_in(node, ast.Store)
    for part in ast.walk(node):
        if isinstance(part, (ast.FunctionDef, ast.ClassDef)):
            names.add(part.name)
        elif isinstance(part, (ast.Import, ast.ImportFrom)):
            names.update((alias.asname or alias.name).partition(".")[0] for alias in part.names)
        elif isinstance(part, (ast.Attribute, ast.Subscript)) and not isinstance(part.ctx, ast.Load):
            names.update(names_in(part.value, ast.Load))
        elif isinstance(part, ast.Expr) and isinstance(part.value, ast.Call):
            # A call whose result nobody takes is made for what it changes: `INSTALLED_APPS.append("shop")`.
            names.update(names_in(part.value, ast.Load))
    return names


def lines_that_matter(files: list[str], names: set[str]) -> dict[str, set[int]]:
    """For each file the numbers of the lines that these names can follow from."""
    statements: list[tuple[str, ast.stmt, set[str], bool]] = []
    for path in files:
        with open(path, "rb") as file:
            tree = ast.parse(file.read())
        statements += [(path, node, defined_by(node), is_opaque(node)) for node in tree.body]
    wanted, grown = set(names), True
    chosen: set[int] = set()
    while grown:
        grown = False
        for index, (_, node, defines, opaque) in enumerate(statements):
            if index in chosen or not (opaque or defines & wanted):
                continue
            chosen.add(index)
            grown = True
            wanted |= names_in(node, ast.Load)
            for part in ast.walk(node):
                if isinstance(part, ast.ImportFrom):
                    wanted.update(alias.name for alias in part.names)
                elif isinstance(part, ast.Attribute):
                    # `base.DEBUG`, where base is a module of the project.
                    wanted.add(part.attr)
    lines: dict[str, set[int]] = {path: set() for path in files}
    for index in chosen:
        path, node, *_ = statements[index]
        lines[path].update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return lines


def influences(trace: Trace, settings: str, names: set[str]) -> tuple[list[str], list[str], list[str]]:
    """(source files, variables, other files) that these names can follow from."""
    files = project_files(trace.modules, settings)
    matter = lines_that_matter([path for path in files if path.endswith(".py")], names)
    variables: set[str] = set()
    others: set[str] = set()
    for kind, name, lines in trace.reads:
        ours = [(path, number) for path, number in lines if path in matter]
        matters = ours and all(number in matter[path] for path, number in ours)
        if kind == "variable" and matters:
            variables.add(name)
        # A file of the project, such as .env, may be read at one line and used at all that follow.
        if kind == "file" and (matters or name.startswith(os.getcwd() + os.sep)):
            others.add(name)
    return sorted(files), sorted(variables), sorted(others)
