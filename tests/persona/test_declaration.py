"""`id` and `formerly` are changed where they stand in the file, and nothing else is."""

from __future__ import annotations

from pathlib import Path

import pytest

from personaforge.persona.declaration import NotEdited, renamed_text
from personaforge.spec.names import formerly_in


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("id: bo\nbrief: A baker.\n", "id: bob\nformerly: [bo]\nbrief: A baker.\n"),
        (
            "# head\nid:   'bo'   # who\nbrief: |\n  x: y\n",
            "# head\nid:   'bob'   # who\nformerly: [bo]\nbrief: |\n  x: y\n",
        ),
        ("brief: A baker.\nid: bo", "brief: A baker.\nid: bob\nformerly: [bo]"),
        ("{id: bo, brief: A baker.}\n", "{id: bob, formerly: [bo], brief: A baker.}\n"),
        ("id: bo\nformerly: [ann]  # was\nbrief: x\n", "id: bob\nformerly: [ann, bo]  # was\nbrief: x\n"),
        (
            "id: bo\nformerly:\n  - ann\n  # then\n  - cy # short\nbrief: x\n",
            "id: bob\nformerly:\n  - ann\n  # then\n  - cy # short\n  - bo\nbrief: x\n",
        ),
        ("id: bo\nformerly:\n- ann\nbrief: x\n", "id: bob\nformerly:\n- ann\n- bo\nbrief: x\n"),
        ("id: bo\nformerly:\n- ann", "id: bob\nformerly:\n- ann\n- bo"),
        ("id: bo\nformerly: []\nbrief: x\n", "id: bob\nformerly: [bo]\nbrief: x\n"),
        ("id: bo\nformerly:\nbrief: x\n", "id: bob\nformerly: [bo]\nbrief: x\n"),
        ("\ufeffid: bo\r\nbrief: x\r\n", "\ufeffid: bob\r\nformerly: [bo]\r\nbrief: x\r\n"),
        ("id: bo\r\nformerly:\r\n  - ann\r\nbrief: x\r\n", "id: bob\r\nformerly:\r\n  - ann\r\n  - bo\r\nbrief: x\r\n"),
        ('brief: 日本 語\n"id": "bo"\nformerly: null\n', 'brief: 日本 語\n"id": "bob"\nformerly: [bo]\n'),
        ("---\nid: bo\n...\n", "---\nid: bob\nformerly: [bo]\n...\n"),
    ],
)
def test_the_text_keeps_its_comments_and_its_form(before: str, after: str) -> None:
    formerly = (*formerly_in(before), "bo")
    assert renamed_text(before.encode(), Path("bo.yaml"), "bo.yaml", "bob", formerly).decode() == after


@pytest.mark.parametrize("text", ["id: &n bo\nowner: *n\n", "id: >-\n  bo\nbrief: x\n"])
def test_what_it_cannot_edit_is_left_with_what_to_write(text: str) -> None:
    with pytest.raises(NotEdited) as error:
        renamed_text(text.encode(), Path("bo.yaml"), "bo.yaml", "bob", ("bo",))
    assert error.value.hint == "write it yourself: `id: bob` and `formerly: [bo]`"
