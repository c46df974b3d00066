"""Numbers in query strings, each with its bounds."""

import math

from django.http import HttpRequest


class OutOfBounds(ValueError):
    """The text says which parameter, and what it may be."""


def bounded_number[T: (int, float)](
    request: HttpRequest, name: str, *, default: T, least: T, most: T, kind: type[T] = int
) -> T:
    """The query parameter `name`, or `default`; raises OutOfBounds unless it is from `least` to `most`."""
    try:
        number = kind(request.GET.get(name, default))
    except ValueError:
        number = math.nan
    if not least <= number <= most:  # false for NaN, too
        raise OutOfBounds(f"{name} must be a number from {least} to {most}")
    return number
