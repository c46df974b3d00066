"""Write the static files: 22 kB of CSS and 1 MB that does not shrink. The same ones at each build."""

import random
from pathlib import Path

CSS_BYTES = 22_000
PICTURE_BYTES = 1_000_000

PARTS = ("cake", "card", "header", "footer", "order", "basket", "button", "form", "field", "price", "menu", "notice", "table")
STATES = ("", ":hover", ":focus-visible", ":first-child", "::before", "::after", " > a", " + p")
PROPERTIES = (
    ("margin", "{0}rem {1}rem"),
    ("padding", "{0}px {1}px {0}px"),
    ("color", "#{2:06x}"),
    ("background", "linear-gradient({0}deg, #{2:06x}, #{3:06x})"),
    ("border", "{0}px solid #{2:06x}"),
    ("border-radius", "{0}px"),
    ("font", "{0}px/1.{1} system-ui, sans-serif"),
    ("grid-template-columns", "repeat({0}, minmax({1}rem, 1fr))"),
    ("transition", "color .{0}s ease, transform .{1}s ease-in-out"),
    ("box-shadow", "0 {0}px {1}px rgb(0 0 0 / {0}%)"),
)

numbers = random.Random(22)


def rule() -> str:
    """Make one rule of four properties."""
    names = (numbers.choice(PARTS), numbers.choice(PARTS), numbers.choice(STATES))
    lines = [
        f"  {name}: {value.format(*numbers.choices(range(1, 60), k=2), *numbers.choices(range(1 << 24), k=2))};"
        for name, value in numbers.sample(PROPERTIES, 4)
    ]
    return ".{0}-{1}{2} {{\n".format(*names) + "\n".join(lines) + "\n}\n"


css = ""
while len(css) < CSS_BYTES:
    css += rule()
directory = Path("bakery/cakes/static/cakes")
directory.mkdir(parents=True)
(directory / "site.css").write_text(css)
(directory / "picture.bin").write_bytes(numbers.randbytes(PICTURE_BYTES))
