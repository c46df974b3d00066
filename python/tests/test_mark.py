"""djinit_mark: what the comment is to be."""

import djinit_mark

FIRST = f"{djinit_mark.BEGINNING} b1 e1"


def test_a_first_one() -> None:
    """Of no comment."""
    assert djinit_mark.marked(None, "b1", "e1") == FIRST
    assert djinit_mark.marked("", "b1", "e1") == FIRST


def test_another_environment_of_the_same_image() -> None:
    """The first one counts still, and none twice."""
    both = djinit_mark.marked(FIRST, "b1", "e2")
    assert both == f"{FIRST} e2"
    assert djinit_mark.marked(both, "b1", "e1") == f"{djinit_mark.BEGINNING} b1 e2 e1"


def test_another_image() -> None:
    """What ran before counts no longer: after a way back it runs again."""
    assert djinit_mark.marked(f"{FIRST} e2", "b2", "e1") == f"{djinit_mark.BEGINNING} b2 e1"


def test_not_without_end() -> None:
    """The oldest go."""
    text: str | None = None
    for number in range(20):
        text = djinit_mark.marked(text, "b", f"e{number}")
    assert text == f"{djinit_mark.BEGINNING} b {' '.join(f'e{number}' for number in range(12, 20))}"


def test_somebody_elses_comment() -> None:
    """It stays."""
    assert djinit_mark.marked("kept by the team of Anna", "b1", "e1") is None
