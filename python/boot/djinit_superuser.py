"""The superuser, by the manager of the project's own user model.

As Django's `createsuperuser --noinput` does it. Not by that command: a project may have one of its own under this name, with
other options.
"""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

VARIABLE = "DJANGO_SUPERUSER_"


class VariablesError(Exception):
    """The variables are not enough, or too many."""


class ContradictionError(VariablesError):
    """Another name than the one that is looked for would be made anew at each start."""

    def __init__(self, field: str, value: str) -> None:
        variable = VARIABLE + field.upper()
        super().__init__(f"{variable} is {value!r}; give the name as SUPERUSER_USERNAME or SUPERUSER_EMAIL instead")


class MissingFieldsError(VariablesError):
    """The user model requires fields that nobody has given."""

    def __init__(self, fields: list[str]) -> None:
        variables = ", ".join(VARIABLE + field.upper() for field in fields)
        super().__init__(f"the user model requires {', '.join(fields)}; set {variables}")


class InvalidFieldError(VariablesError):
    """The field itself does not take the value."""

    def __init__(self, field: str, messages: list[str]) -> None:
        super().__init__(f"its field {field} does not take what it is given: {'; '.join(messages)}")


def exists(model: Any, name: str) -> bool:
    """Whether it does under the name as it is, or as managers write it down (`ADMIN@EXAMPLE.COM`)."""
    from django.contrib.auth.base_user import BaseUserManager

    names = {name, model.normalize_username(name), BaseUserManager.normalize_email(name)}
    known = {f"{model.USERNAME_FIELD}__in": names}
    try:
        model._default_manager.get_by_natural_key(name)
    except model.DoesNotExist:
        # The project's own manager may hide some, such as those that count as deleted: the name is taken none the less.
        return any(manager.filter(**known).exists() for manager in (model._default_manager, model._base_manager))
    except model.MultipleObjectsReturned:
        return True
    return True


def create(model: Any, given: Mapping[str, str], variables: Mapping[str, str], password: str) -> None:
    """Make it, of what is `given` by field, and for the fields that the model requires of `variables`.

    Errors: VariablesError; what the fields and the manager say.
    """
    name = model.USERNAME_FIELD
    # A field that is given by its own variable is meant to be that.
    values = {**given, **{key[len(VARIABLE) :].lower(): value for key, value in variables.items() if key.startswith(VARIABLE)}}
    if values[name] != given[name]:
        raise ContradictionError(name, values[name])
    fields = {name: clean(model._meta.get_field(name), values[name])}
    missing = []
    for field_name in model.REQUIRED_FIELDS:
        field = model._meta.get_field(field_name)
        if values.get(field_name):
            fields[field_name] = clean(field, values[field_name])
        elif not (field.blank or field.has_default()):
            missing.append(field_name)
        elif not field.many_to_many:
            fields[field_name] = field.get_default()
    if missing:
        raise MissingFieldsError(missing)
    email = model.get_email_field_name()
    also = {} if email in fields else {email: values["email"]}
    manager = model._default_manager
    taken, left = fitting(manager.create_superuser, {**fields, "password": password}, {name, "password"}, also)
    user = manager.create_superuser(**taken)
    if left and isinstance(user, model):
        for field_name, value in left.items():
            setattr(user, field_name, value)
        user.save(update_fields=list(left))


def clean(field: Any, text: str) -> Any:
    """As Django's command reads it: a list of keys for several, a key for another model."""
    from django.core.exceptions import ValidationError

    try:
        value = field.clean(text, None)
    except ValidationError as error:
        raise InvalidFieldError(field.name, error.messages) from error
    return [key.strip() for key in value.split(",")] if field.many_to_many and isinstance(value, str) else value


def fitting(
    function: Callable[..., Any], fields: dict[str, Any], needed: set[str], also: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What of `fields` is an argument of the function, and what is left; `also` has what is one if it has a name for it.

    A manager of the project's own may leave out what the model says is required (`create_superuser(email, password)`). It is not
    to lose what is `needed` in silence.
    """
    parameters = inspect.signature(function).parameters
    takes_any = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values())
    taken = {name: value for name, value in fields.items() if takes_any or name in parameters or name in needed}
    taken |= {name: value for name, value in also.items() if name in parameters}
    return taken, {name: value for name, value in fields.items() if name not in taken}
