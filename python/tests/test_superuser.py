"""djinit_superuser: what a manager of the project's own is called with. The rest needs a database: test/container."""

import djinit_superuser
import pytest

FIELDS = {"email": "a@b.c", "nickname": "", "password": "x"}
ALSO = {"phone": "1"}


def django(username: str, email: object = None, password: object = None, **more: object) -> None:
    """As Django's own manager."""


def only_email(email: str, password: str) -> None:
    """Leaves out what the model requires."""


def with_phone(email: str, nickname: str, password: str, phone: str) -> None:
    """Takes what nobody has asked for."""


def odd(mail: str) -> None:
    """Another name for what is needed."""


def anything(**fields: object) -> None:
    """Whatever it is."""


@pytest.mark.parametrize(
    ("function", "taken", "left"),
    [
        (django, {"email", "nickname", "password"}, set()),
        (only_email, {"email", "password"}, {"nickname"}),
        (with_phone, {"email", "nickname", "password", "phone"}, set()),
        (anything, {"email", "nickname", "password"}, set()),
        # Python will say that it takes no such argument.
        (odd, {"email", "password"}, {"nickname"}),
    ],
)
def test_a_manager_gets_what_it_takes(function: object, taken: set[str], left: set[str]) -> None:
    """And never less than the name and the password."""
    got, rest = djinit_superuser.fitting(function, FIELDS, {"email", "password"}, ALSO)  # type: ignore[arg-type]
    assert (set(got), set(rest)) == (taken, left)
    assert got["password"] == "x"
