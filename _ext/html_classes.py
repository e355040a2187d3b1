"""The classes of a tag, which Beautiful Soup gives as a list, as text, or not at all."""

from bs4 import Tag
from bs4.element import AttributeValueList


def classes_of(tag: Tag | None) -> list[str]:
    """Return the classes of a tag."""
    found = tag.get("class") if tag else None
    if found is None:
        return []
    return found.split() if isinstance(found, str) else list(found)


def add_class(tag: Tag, name: str) -> None:
    """Give a tag one more class."""
    set_classes(tag, [*classes_of(tag), name])


def set_classes(tag: Tag, names: list[str]) -> None:
    """Give a tag other classes, as a list, among which Beautiful Soup finds each."""
    tag["class"] = AttributeValueList(names)
