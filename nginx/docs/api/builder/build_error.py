"""What is wrong with the parts, and where."""
from contextlib import contextmanager


class BuildError(Exception):
    """A sentence for whoever wrote the part."""


@contextmanager
def context(place):
    """Names the place in every BuildError that is raised inside."""
    try:
        yield
    except BuildError as error:
        raise BuildError(f"{place}: {error}") from None


def check_keys(spec: dict, optional: str, required: str = ""):
    """Both are names separated by spaces."""
    if not isinstance(spec, dict):
        raise BuildError(f"has to be a mapping, not {spec}")
    for key in spec:
        if key not in f"{optional} {required}".split():
            raise BuildError(f"unknown key {key}")
    for key in required.split():
        if key not in spec:
            raise BuildError(f"lacks {key}")
