"""What a value should have been, in plain words, by pydantic's type of the error. Its own sentences speak of
dictionaries, instances and regular expressions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from personaforge.spec.project import ID_PATTERN

PATTERNS = {ID_PATTERN: "2 to 63 small letters, digits and hyphens, a letter first"}
"""Pattern -> what fits it."""
_EXPECTED = {
    "model_type": "keys and values",
    "dict_type": "keys and values",
    "tuple_type": "a list",
    "list_type": "a list",
    "string_type": "a text",
    "string_too_short": "a text that isn't empty",
    "string_too_long": "a text of {max_length} characters at most",
    "bool_type": "yes or no",
    "bool_parsing": "yes or no",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "greater_than": "more than {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
    "literal_error": "{expected}",
    "timezone_aware": "a time with its time zone",
    "datetime_type": "a time with its time zone",
    "datetime_parsing": "a time with its time zone",
    "datetime_from_date_parsing": "a time with its time zone",
    "datetime_object_invalid": "a time with its time zone",
    "too_short": "at least {min_length} entries",
    "too_long": "{max_length} entries at most",
}
_MOST = 80


def expected(item: Mapping[str, Any]) -> str:
    """Return what was expected, as words that go on `expected`; pydantic's sentence where we have none."""
    context = item.get("ctx") or {}
    if item["type"] == "string_pattern_mismatch":
        pattern = str(context.get("pattern", ""))
        return PATTERNS.get(pattern, f"a text that fits {pattern}")
    if item["type"] == "string_too_short" and context.get("min_length", 1) > 1:
        return f"a text of at least {context['min_length']} characters"
    if item["type"] == "too_short" and context.get("min_length") == 1:
        return "at least one entry"
    if item["type"] in ("list_type", "tuple_type") and isinstance(item.get("input"), str):
        return f"a list: {as_list(item['input'])}"
    if item["type"] in _EXPECTED:
        return _EXPECTED[item["type"]].format(**{name: _number(value) for name, value in context.items()})
    message = str(item["msg"]).removeprefix("Input should be ")
    return message[:1].lower() + message[1:]


def as_list(text: str) -> str:
    """Return a single text as the list of it is written in YAML: `[motion]`."""
    plain = bool(text) and all(letter.isalnum() or letter in " -_./" for letter in text) and text == text.strip(" -")
    return f"[{text}]" if plain and len(text) <= _MOST else "[…]"


def shown(value: Any) -> str:
    """Return a value that was found, shortened: `'Jane Doe'`, `nothing`, `keys and values`, `a list`."""
    if value is None or isinstance(value, (dict, list, tuple)):
        return "nothing" if value is None else "keys and values" if isinstance(value, dict) else "a list"
    text = repr(value) if isinstance(value, (str, int, float, bool)) else repr(str(value))
    return text if len(text) <= _MOST else text[: _MOST - 1] + "…"


def sentence(item: Mapping[str, Any]) -> str:
    """Return what is wrong with a value: that it is missing, is no key, or what was found and what expected."""
    if item["type"] == "missing":
        return "is missing"
    if item["type"] == "extra_forbidden":
        return "is no key here"
    if item["type"] == "value_error":  # a rule of ours, which says what was found and expected
        return str(item["msg"]).removeprefix("Value error, ")
    found = "an empty list" if item["type"] == "too_short" else shown(item.get("input"))
    return f"found {found}, expected {expected(item)}"


def _number(value: Any) -> Any:
    """Return a bound as people write it: 1 for 1.0, and 2147483648 in full."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
