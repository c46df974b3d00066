"""The pictures that ship with the project as static files: path and name."""

PICTURES = [
    ("cakes/pictures/sacher.svg", "Sachertorte"),
    ("cakes/pictures/black-forest.svg", "Black Forest gateau"),
    ("cakes/pictures/victoria.svg", "Victoria sponge"),
    ("cakes/pictures/battenberg.svg", "Battenberg"),
    ("cakes/pictures/princess.svg", "Princess cake"),
    ("cakes/pictures/lemon-meringue.svg", "Lemon meringue pie"),
    ("cakes/pictures/plain.svg", "A plain cake"),
]
PLAIN = "cakes/pictures/plain.svg"
