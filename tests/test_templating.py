"""Templates: what they may say, what they may not do, and what counts as a change."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from personaforge.errors import SpecError
from personaforge.sandbox import MAX_RANGE, MAX_TEXT
from personaforge.spec.project import Project
from personaforge.templating import MAX_RENDERED, MAX_TEMPLATE_BYTES, Templates
from personaforge.testing import write_project
from tests.patience import patience


@pytest.fixture(autouse=True)
def _patience() -> Iterator[None]:
    with patience():
        yield


def folder(root: Path, **texts: str) -> Path:
    """Write templates, `text_soul` as `text/soul.j2`, and return their folder."""
    for name, text in texts.items():
        path = root / f"{name.replace('_', '/', 1)}.j2"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def rendered(root: Path, text: str, variables: dict[str, Any] | None = None, **others: str) -> str:
    """Render one template."""
    return Templates([folder(root, page=text, **others)]).render("page.j2", variables or {}).text


def refusal(root: Path, text: str, variables: dict[str, Any] | None = None, **others: str) -> str:
    """Return why a template can't be rendered."""
    with pytest.raises(SpecError) as caught:
        rendered(root, text, variables, **others)
    return str(caught.value)


# --- what a template may say ------------------------------------------------------------------------------------------


def test_whitespace_is_as_written_without_the_lines_of_tags(tmp_path: Path) -> None:
    text = """
    {# a comment #}
{% if true %}
First line.
  {% for name in names %}
- {{ name }}
  {% endfor %}
{% endif %}

  Last line.


"""
    assert rendered(tmp_path, text, {"names": ["Ana", "Bo"]}) == "First line.\n- Ana\n- Bo\n\n  Last line.\n"


@pytest.mark.parametrize("text", ["", "\n\n", "{# nothing #}"])
def test_an_empty_template_renders_to_an_empty_line(tmp_path: Path, text: str) -> None:
    assert rendered(tmp_path, text) == "\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ names | join(', ') }}", "Ana, Bo, Cy"),
        ("{{ people | join('/', attribute='age') }}", "30/41"),
        ("{{ people | map(attribute='age') | sum }} {{ people | sum(attribute='age') }}", "71 71"),
        ("{{ names | map('upper') | list }}", "['ANA', 'BO', 'CY']"),
        ("{{ 'a-b' | replace('-', '+') }}{{ 'aaa'.replace('a', 'b', 2) }}{{ 'x'.replace('', '.') }}", "a+bbba.x."),
        ("{{ {'a': '<1>'} | tojson }}", '{"a": "\\u003c1\\u003e"}'),
        ("{{ {'a': '<'} | tojson | replace('\\\\u003c', '<') }}", '{"a": "<"}'),
        ("{{ 2.345 | round(1) }} {{ 7 // 2 }} {{ 7 % 4 }} {{ 2 ** 10 }} {{ 3 * 4 }}", "2.3 3 3 1024 12"),
        ("{{ 'ab' * 3 }}{{ [1] * 2 }}{{ [1] + [2] }}{{ 'a' + 'b' }}{{ 'a' ~ 1 ~ none }}", "ababab[1, 1][1, 2]aba1None"),
        ("{{ people | selectattr('age', 'gt', 35) | map(attribute='name') | first }}", "Bo"),
        ("{{ names | sort(reverse=true) | join }}", "CyBoAna"),
        (
            "{% for n in names %}{{ loop.index }}/{{ loop.length }}{{ '' if loop.last else ' ' }}{% endfor %}",
            "1/3 2/3 3/3",
        ),
        ("{% for k, v in {'a': 1}.items() %}{{ k }}={{ v }}{% else %}none{% endfor %}", "a=1"),
        ("{% for n in [] %}x{% else %}none{% endfor %}", "none"),
        ("{% for n in names if n != 'Bo' %}{{ n }}{% endfor %}", "AnaCy"),
        ("{% for i in range(3) %}{{ i }}{% endfor %}", "012"),
        ("{{ nothing | default('x') }}{{ 'y' if nothing is defined else 'z' }}", "xz"),
        ("{{ {'woman': 'her'}.get('man', 'them') }}", "them"),
        ("{% macro hi(name) %}Hi {{ name }}{% endmacro %}{{ hi('Ana') }}, {{ hi(name='Bo') }}", "Hi Ana, Hi Bo"),
        ("{% set x %}a{{ 1 + 1 }}{% endset %}{{ x | upper }}", "A2"),
        ("{% set a, b = 1, 2 %}{{ b }}{{ a }}{{ 'y' if 'x' in ('x', 'z') }}", "21y"),
        ("{{ ' Ana Reyes '.strip().split(' ') | last }}", "Reyes"),
        ("{% for node in tree recursive %}{{ node.n }}{{ loop(node.c) }}{% endfor %}", "123"),
        ("{{ [1, 'a'] }} {{ {'a': 1} }} {{ true }} {{ none }}", "[1, 'a'] {'a': 1} True None"),
    ],
)
def test_ordinary_jinja_works(tmp_path: Path, text: str, expected: str) -> None:
    variables = {
        "names": ["Ana", "Bo", "Cy"],
        "people": [{"name": "Ana", "age": 30}, {"name": "Bo", "age": 41}],
        "tree": [{"n": 1, "c": [{"n": 2, "c": [{"n": 3, "c": []}]}]}],
    }
    assert rendered(tmp_path, text, variables) == expected + "\n"


def test_templates_include_import_and_extend_each_other(tmp_path: Path) -> None:
    text = (
        '{% extends "text/frame.j2" %}{% from "text/words.j2" import hi %}{% block body %}{{ hi(name) }}{% endblock %}'
    )
    frame = '[{% block body %}{% endblock %}]{% include "text/foot.j2" %}'
    words = "{% macro hi(name) %}Hi {{ name }}{% endmacro %}"
    others = {"text_frame": frame, "text_words": words, "text_foot": "-- {{ name }}"}
    assert rendered(tmp_path, text, {"name": "Ana"}, **others) == "[Hi Ana]-- Ana\n"


def test_rendering_twice_gives_the_same_text_and_meters_each_alone(tmp_path: Path) -> None:
    templates = Templates(
        [folder(tmp_path, page="{% for i in range(900) %}{% for j in range(30) %}{% endfor %}{% endfor %}x")]
    )
    texts = [templates.render("page.j2", {}).text for _ in range(3)]  # two of them would exceed one meter
    assert texts == ["x\n"] * 3


def test_threads_render_side_by_side(tmp_path: Path) -> None:
    templates = Templates([folder(tmp_path, page="{% for i in range(500) %}{{ name }}{% endfor %}")])
    found: dict[str, str] = {}

    def render(name: str) -> None:
        found[name] = templates.render("page.j2", {"name": name}).text

    threads = [threading.Thread(target=render, args=(chr(97 + number),)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {name: name * 500 + "\n" for name in "abcdefgh"}


# --- what it may not reach --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "expression",
    [
        "''.__class__",
        "''.__class__.__mro__[1].__subclasses__()",
        "''['__class__']",
        "'' | attr('__class__')",
        "[''] | map(attribute='__class__') | list",
        "[''] | map(attribute='__class__.__mro__') | first",
        "['x'] | join('', attribute='__class__')",
        "[{}] | sum(attribute='__class__')",
        "[''] | groupby('__class__')",
        "cycler.__init__.__globals__",
        "joiner.__init__.__globals__.os",
        "namespace.__init__",
        "lipsum.__globals__['os'].popen('id').read()",
        "range.__globals__",
        "self.__init__.__globals__",
        "self._TemplateReference__context",
        "hi._func.__globals__",
        "hi.__call__",
        "loop_of._iterator.gi_frame",
        "(1).__class__",
        "(1.5).hex()",
        "names.append('x')",
        "names.__add__",
        "about.pop('a')",
        "about.update({'a': 2})",
        "about.__class__.fromkeys('ab')",
        "about.fromkeys(names)",
        "about.copy()",
        "'{0.__class__}'.format(1)",
        "'{a.__class__.__mro__}'.format_map({'a': 1})",
        "'%s' % about",
        "[('{0.__class__}', 1)] | map('format') | first",
        "dict",
        "lipsum()",
        "open('/etc/passwd')",
        "url_for.__globals__",
        "context",
        "environment",
        "hi.caller.__globals__",
        "none.__class__",
        "''.encode()",
        "names.sort()",
    ],
)
def test_python_is_out_of_reach(tmp_path: Path, expression: str) -> None:
    text = (
        "{% macro hi() %}{% endmacro %}"
        "{% set found = namespace_of %}"
        "{% for loop_over in [1] %}{% set loop_of = loop %}{{ " + expression + " }}{% endfor %}"
    )
    variables = {"names": ["Ana"], "about": {"a": 1}, "namespace_of": 1}
    message = refusal(tmp_path, text, variables)
    assert message.startswith("page.j2:1: "), message
    assert variables == {"names": ["Ana"], "about": {"a": 1}, "namespace_of": 1}


@pytest.mark.parametrize("printed", ["range", "hi", "loop", "names | map('upper')", "about.items"])
def test_nothing_is_printed_that_holds_a_memory_address(tmp_path: Path, printed: str) -> None:
    text = "{% macro hi() %}{% endmacro %}{% for x in [1] %}{{ " + printed + " }}{% endfor %}"
    assert "is no text" in refusal(tmp_path, text, {"names": ["Ana"], "about": {"a": 1}})


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd.j2",
        "../secret.j2",
        "text/../../secret.j2",
        "..\\\\secret.j2",
        "secret.txt",
        "secret",
        "",
        "a\\0.j2",
        "a\\n.j2",
    ],
)
def test_a_name_that_leads_elsewhere_is_no_template_name(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.j2").write_text("SECRET")
    assert "is not a template name" in refusal(tmp_path / "templates", '{% include "' + name + '" %}')


def test_a_link_may_not_lead_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("SECRET")
    templates = folder(tmp_path / "templates", page='{% include "text/soul.j2" %}')
    (templates / "text").mkdir()
    (templates / "text" / "soul.j2").symlink_to(tmp_path / "secret.txt")
    assert "leads out of the templates folder" in refusal(templates, '{% include "text/soul.j2" %}')
    (templates / "text" / "soul.j2").unlink()
    (templates / "text").rmdir()
    (templates / "text").symlink_to(tmp_path)
    (tmp_path / "soul.j2").write_text("SECRET")
    assert "leads out of the templates folder" in refusal(templates, '{% include "text/soul.j2" %}')


def test_a_link_inside_the_folder_is_followed(tmp_path: Path) -> None:
    templates = folder(tmp_path, text_soul="soul")
    (templates / "other.j2").symlink_to("text/soul.j2")
    assert rendered(templates, '{% include "other.j2" %}') == "soul\n"


def test_a_templates_folder_that_leads_out_of_the_project_is_refused(tmp_path: Path) -> None:
    elsewhere = folder(tmp_path / "elsewhere", page="SECRET")
    root = Path(os.path.realpath(write_project(tmp_path / "project", {"ana": "id: ana\nbrief: A gardener.\n"})))
    (root / "templates").symlink_to(elsewhere)
    with pytest.raises(SpecError, match="templates: leads out of the project"):
        _ = Project(root).template_folders


@pytest.mark.parametrize(
    "tag",
    [
        "{% include which %}",
        "{% include 'text/' ~ which %}",
        "{% include ['text/soul.j2', which] %}",
        "{% include 'text/soul.j2' if which else 'text/self.j2' %}",
        "{% extends which %}",
        "{% import which as other %}",
        "{% from which import other %}",
    ],
)
def test_a_template_named_by_an_expression_would_hide_from_the_key(tmp_path: Path, tag: str) -> None:
    message = refusal(tmp_path, tag, {"which": "text/soul.j2"}, text_soul="", text_self="")
    assert message == 'page.j2: includes a template by an expression (name it: {% include "image/pose.j2" %})'


def test_not_utf_8(tmp_path: Path) -> None:
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "soul.j2").write_bytes(b"caf\xe9")
    assert refusal(tmp_path, '{% include "text/soul.j2" %}') == "text/soul.j2: is not UTF-8 text"


def test_larger_than_any_template(tmp_path: Path) -> None:
    assert len(rendered(tmp_path, "x" * MAX_TEMPLATE_BYTES)) == MAX_TEMPLATE_BYTES + 1
    assert refusal(tmp_path, "x" * (MAX_TEMPLATE_BYTES + 1)) == f"page.j2: is larger than {MAX_TEMPLATE_BYTES} bytes"


def test_a_folder_in_the_place_of_a_template(tmp_path: Path) -> None:
    (tmp_path / "text" / "soul.j2").mkdir(parents=True)
    assert "text/soul.j2: can't be read" in refusal(tmp_path, '{% include "text/soul.j2" %}')


# --- what it may not take ---------------------------------------------------------------------------------------------

DOUBLED = 40
"""2 ** 40 of anything is more than a machine has."""
LONG = "{% set long = 'a' * 60000 %}"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("{% for i in range(10 ** 9) %}{% endfor %}", id="range"),
        pytest.param("{% for i in range(1001) %}{% endfor %}", id="range just above"),
        pytest.param("{{ 'a' * 10 ** 10 }}", id="repeat text"),
        pytest.param("{{ 10 ** 10 * 'a' }}", id="repeat text from the right"),
        pytest.param("{{ [0] * 10 ** 9 }}", id="repeat list"),
        pytest.param("{{ ('a' * 60000) * 60000 }}", id="repeat what was repeated"),
        pytest.param("{{ [[0] * 60000] * 60000 }}", id="repeat a list in a list"),
        pytest.param("{{ 9 ** 9 ** 9 }}", id="power"),
        pytest.param("{% set x = 10 ** 64 %}" + "{% set x = x * x %}" * DOUBLED, id="square"),
        pytest.param(LONG + "{% set long = long ~ long %}" * DOUBLED, id="double by ~"),
        pytest.param(LONG + "{% set long = long + long %}" * DOUBLED, id="double by +"),
        pytest.param(LONG + "{% set long %}{{ long }}{{ long }}{% endset %}" * DOUBLED, id="double by a block"),
        pytest.param("{% set x = [1] %}" + "{% set x = [x, x] %}" * DOUBLED + "{{ x }}", id="list in a list"),
        pytest.param("{% set x = [1] %}" + "{% set x = (x, x) %}" * DOUBLED + "{{ x }}", id="tuple in a tuple"),
        pytest.param("{% set x = 1 %}" + "{% set x = {1: x, 2: x} %}" * DOUBLED + "{{ x }}", id="dict in a dict"),
        pytest.param("{% set x = [[1]] %}" + "{% set x = [x] * 2 %}" * DOUBLED + "{{ x }}", id="list twice"),
        pytest.param("{% set x = [1] %}" + "{% set x = x + [x] + [x] %}" * DOUBLED + "{{ x }}", id="list plus itself"),
        pytest.param("{{ 'a'.ljust(10 ** 9) }}", id="ljust"),
        pytest.param("{{ 'a'.center(10 ** 9) }}", id="center"),
        pytest.param("{{ 'a'.zfill(10 ** 9) }}", id="zfill"),
        pytest.param("{{ '\t'.expandtabs(10 ** 9) }}", id="expandtabs"),
        pytest.param("{{ (1).to_bytes(10 ** 9, 'big') }}", id="to_bytes"),
        pytest.param("{{ '{:>1000000000}'.format(1) }}", id="format"),
        pytest.param("{{ '%1000000000d' % 1 }}", id="percent"),
        pytest.param("{{ 'a' | center(10 ** 9) }}", id="center filter"),
        pytest.param("{{ 'a' | indent(10 ** 9) }}", id="indent filter"),
        pytest.param("{{ [1] | batch(10 ** 9, 1) | list }}", id="batch filter"),
        pytest.param("{{ [1] | slice(10 ** 9) | list }}", id="slice filter"),
        pytest.param("{{ 1.5 | round(10 ** 9, 'ceil') }}", id="round filter"),
        pytest.param("{{ {'a': 1} | tojson(10 ** 9) }}", id="tojson indent"),
        pytest.param("{{ {'a': 1} | tojson('x' * 60000) }}", id="tojson indent by text"),
        pytest.param("{{ [[1]] | sum(start=[]) }}", id="sum of lists"),
        pytest.param(LONG + "{{ long | replace('a', long) }}", id="replace filter"),
        pytest.param(LONG + "{{ long.replace('a', long) }}", id="replace method"),
        pytest.param(LONG + "{{ long.replace('', long) }}", id="replace nothing"),
        pytest.param(LONG + "{{ range(1000) | join(long) }}", id="join filter"),
        pytest.param(LONG + "{{ long.join(long) }}", id="join method"),
        pytest.param("{% for i in range(1000) %}" * 3 + "{% endfor %}" * 3, id="loops in loops"),
        pytest.param(LONG + "{% for c in long %}" * 3 + "{% endfor %}" * 3, id="loops over text"),
        pytest.param(LONG + "{% for c in long if false %}{% endfor %}", id="a loop that does nothing"),
        pytest.param(
            LONG + "{% for i in range(1000) %}{% set x = long | map('upper') | list %}{% endfor %}", id="map in a loop"
        ),
        pytest.param(LONG + "{% for i in range(1000) %}{% set x = long | sort %}{% endfor %}", id="sort in a loop"),
        pytest.param(LONG + "{% for i in range(1000) %}{% set x = long | upper %}{% endfor %}", id="upper in a loop"),
        pytest.param("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", id="endless macro"),
        pytest.param(
            "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(60) }}",
            id="macro tree",
        ),
        pytest.param(
            "{% macro m(n) %}{{ m(n - 1, varargs, varargs) if n else varargs }}{% endmacro %}{{ m(50, 1, 2) }}",
            id="arguments in arguments",
        ),
        pytest.param("{% block a %}{{ self.a() }}{{ self.a() }}{% endblock %}", id="block in itself"),
        pytest.param("{% for x in [1] recursive %}{{ loop([1, 1]) }}{% endfor %}", id="endless recursive loop"),
        pytest.param("x{% include 'page.j2' %}", id="includes itself"),
        pytest.param("{% extends 'page.j2' %}", id="extends itself"),
        pytest.param("{% import 'page.j2' as page %}", id="imports itself"),
        pytest.param("{{ " + "(" * 5_000 + "1" + ")" * 5_000 + " }}", id="parentheses"),
        pytest.param("{{ 1" + " + 1" * 15_000 + " }}", id="a long sum"),
        pytest.param("{% for a in [1] %}" * 30 + "{% endfor %}" * 30, id="more loops than Python nests"),
        pytest.param("{% if 1 %}" * 200 + "{% endif %}" * 200, id="more ifs than Python nests"),
        pytest.param("{% for i in range(1000) %}{{ 'a' * 100 }}{% endfor %}", id="output"),
        pytest.param("{{ ('f' * 60000) | int(0, 16) }}", id="a number of many digits"),
    ],
)
def test_work_and_growth_are_bounded(tmp_path: Path, text: str) -> None:
    assert refusal(tmp_path, text).startswith("page.j2")


@pytest.mark.parametrize(
    "expression",
    [
        "long + long",
        "long ~ long",
        "long * 2",
        "2 * long",
        "[long, long] | join",
        "'aa' | replace('a', long)",
        "'aa'.replace('a', long)",
        "long.join('aaa')",
        "[1] * 70000",
        "many + many",
    ],
)
def test_no_text_or_list_grows_beyond_the_bound_even_unseen(tmp_path: Path, expression: str) -> None:
    start = "{% set long = 'a' * 40000 %}{% set many = [1] * 40000 %}"
    assert "more than 65536" in refusal(tmp_path, start + "{{ (" + expression + ") | length }}")


@pytest.mark.parametrize(
    "name", ["format", "format_map", "ljust", "zfill", "center", "expandtabs", "translate", "encode"]
)
def test_methods_that_make_more_than_they_are_given_are_unknown(tmp_path: Path, name: str) -> None:
    expected = f"page.j2:1: can't be rendered: access to attribute '{name}' of 'str' object is unsafe."
    assert refusal(tmp_path, "{{ 'a'." + name + "(1) }}") == expected
    assert refusal(tmp_path, "{{ 'a'['" + name + "'](1) }}") == expected


def test_includes_that_double_are_bounded(tmp_path: Path) -> None:
    others = {f"b{number}": f"{{% include 'b{number + 1}.j2' %}}" * 2 for number in range(DOUBLED)}
    assert "takes more work" in refusal(tmp_path, "{% include 'b0.j2' %}", **others, **{f"b{DOUBLED}": ""})
    listed = {name: text.replace("'b", "['b").replace("j2'", "j2']") for name, text in others.items()}
    assert "takes more work" in refusal(tmp_path, "{% include ['b0.j2'] %}", **listed, **{f"b{DOUBLED}": ""})


def test_what_the_variables_hold_is_bounded_too(tmp_path: Path) -> None:
    doubled: list[Any] = ["x"]
    for _ in range(DOUBLED):
        doubled = [doubled, doubled]
    for text in (
        "{{ value }}",
        "{{ value | tojson }}",
        "{{ value ~ '' }}",
        "{{ value | string }}",
        "{{ value | join }}",
    ):
        assert "values" in refusal(tmp_path, text, {"value": doubled}), text
    assert "more than" in refusal(tmp_path, "{{ value }}", {"value": "x" * (MAX_RENDERED + 1)})


def test_the_bounds_leave_room_for_any_prompt(tmp_path: Path) -> None:
    assert len(rendered(tmp_path, "{{ 'a' * " + str(MAX_TEXT) + " }}")) == MAX_TEXT + 1
    assert (
        len(rendered(tmp_path, "{% for i in range(" + str(MAX_RANGE) + ") %}{{ i % 10 }}{% endfor %}")) == MAX_RANGE + 1
    )
    table = [{"name": f"context {number}", "style": "x" * 100} for number in range(200)]
    text = "{% for row in table %}{{ row.name }}: {{ row.style | upper }} {{ row | tojson | length }}\n{% endfor %}"
    assert rendered(tmp_path, text, {"table": table}).count("\n") == 200


# --- mistakes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\n\n{{ nme }}", "page.j2:3: can't be rendered: 'nme' is undefined"),
        ("a\n{{ about.nme }}", "page.j2:2: can't be rendered: 'dict object' has no attribute 'nme'"),
        ("a\n{{ about.nme.first }}", "page.j2:2: can't be rendered: 'dict object' has no attribute 'nme'"),
        ("{{ names[7] }}", "page.j2:1: can't be rendered: list object has no element 7"),
        ("\n{{ nme ~ 'x' }}", "page.j2:2: can't be rendered: 'nme' is undefined"),
        ("\n{% for x in nme %}{% endfor %}", "page.j2:2: can't be rendered: 'nme' is undefined"),
        ("\n{% if nme %}{% endif %}", "page.j2:2: can't be rendered: 'nme' is undefined"),
        ("\n{{ [nme] | join }}", "page.j2:2: can't be rendered: 'nme' is undefined"),
        ("a\n\n{% include 'text/part.j2' %}", "text/part.j2:2: can't be rendered: 'nme' is undefined"),
        ("{% from 'text/part.j2' import hi %}\n\n{{ hi() }}", "text/part.j2:2: can't be rendered: 'nme' is undefined"),
        ("a\n{{ 1 / 0 }}", "page.j2:2: can't be rendered: division by zero"),
        ("a\n{{ 1 + 'x' }}", "page.j2:2: can't be rendered: unsupported operand type(s) for +: 'int' and 'str'"),
        ("a\n{% if 1 < 'x' %}{% endif %}", "page.j2:2: can't be rendered: '<' not supported between"),
        ("a\n{{ 5 | items | list }}", "page.j2:2: can't be rendered: Can only get item pairs from a mapping."),
        ("a\n{{ none | dictsort }}", "page.j2:2: can't be rendered: "),
        ("a\n{{ about | map('nothing') | list }}", "page.j2:2: can't be rendered: No filter named 'nothing'"),
        ("a\n{% if x %}", "page.j2:2: Unexpected end of template."),
        ("a\n{{ x | nothing }}", "page.j2:2: No filter named 'nothing'."),
        ("a\n{{ }}", "page.j2:2: Expected an expression"),
        ("{% include 'text/prat.j2' %}", "text/prat.j2: no such template (did you mean text/part.j2?)"),
        ("{% include 'text/broken.j2' %}", "text/broken.j2:3: "),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    others = {
        "text_part": "{% macro hi() %}\n{{ nme }}{% endmacro %}{{ hi() if about is defined else '' }}",
        "text_broken": "\n\n{% endfor %}",
    }
    variables = {"about": {"name": "Ana"}, "names": ["Ana"]}
    assert refusal(tmp_path, text, variables, **others).startswith(message)


def test_an_undefined_name_may_lie_in_a_list_but_not_be_printed_with_it(tmp_path: Path) -> None:
    assert rendered(tmp_path, "{{ [nme, 1] | select('defined') | list }}") == "[1]\n"
    assert "'nme' is undefined" in refusal(tmp_path, "{{ [1, {'a': nme}] }}")


def test_an_undefined_name_is_an_error_even_where_nothing_is_printed(tmp_path: Path) -> None:
    assert "undefined" in refusal(tmp_path, "{% set x = nme | upper %}")


def test_which_templates_there_are(tmp_path: Path) -> None:
    templates = Templates([folder(tmp_path / "own", text_soul="a", page="b"), folder(tmp_path / "ours", text_self="c")])
    (tmp_path / "own" / "README.md").write_text("not a template")
    assert templates.names() == ["page.j2", "text/self.j2", "text/soul.j2"]
    assert templates.exists("text/self.j2")
    assert not templates.exists("text/nothing.j2")
    assert not templates.exists("../own/page.j2")
    assert Templates([tmp_path / "nothing"]).names() == []


# --- what counts as a change ------------------------------------------------------------------------------------------


def test_the_closure_holds_all_that_is_included_however_deep(tmp_path: Path) -> None:
    templates = Templates(
        [
            folder(
                tmp_path,
                page="{% include 'text/a.j2' %}{% import 'text/b.j2' as b %}"
                "{% if false %}{% include 'text/d.j2' %}{% endif %}",
                text_a="{% extends 'text/c.j2' %}",
                text_b="{% from 'text/c.j2' import x %}",
                text_c="{% macro x() %}{% endmacro %}{% include 'text/a.j2' %}",
                text_d="",
                text_e="not included",
            )
        ]
    )
    assert sorted(templates.closure("page.j2")) == ["page.j2", "text/a.j2", "text/b.j2", "text/c.j2", "text/d.j2"]


def test_a_rendering_names_its_sources(tmp_path: Path) -> None:
    templates = Templates([folder(tmp_path, page="{% include 'text/a.j2' %}", text_a="a", text_b="b")])
    assert templates.render("page.j2", {}).sources == templates.closure("page.j2")
    assert sorted(templates.closure("page.j2")) == ["page.j2", "text/a.j2"]


def test_the_digest_changes_with_an_included_part_and_with_nothing_else(tmp_path: Path) -> None:
    folder(tmp_path, page="{% include 'text/a.j2' %}", text_a="{% include 'text/b.j2' %}", text_b="b", text_c="c")
    first = Templates([tmp_path]).digest("page.j2")
    folder(tmp_path, text_c="changed")
    assert Templates([tmp_path]).digest("page.j2") == first
    folder(tmp_path, text_b="changed")
    assert Templates([tmp_path]).digest("page.j2") != first
    folder(tmp_path, text_b="b")
    assert Templates([tmp_path]).digest("page.j2") == first
    folder(tmp_path, page="{% include 'text/a.j2' %} ")
    assert Templates([tmp_path]).digest("page.j2") != first


def test_swapping_the_texts_of_two_parts_changes_the_digest(tmp_path: Path) -> None:
    page = "{% include 'text/a.j2' %}{% include 'text/b.j2' %}"
    first = Templates([folder(tmp_path / "1", page=page, text_a="x", text_b="y")]).digest("page.j2")
    second = Templates([folder(tmp_path / "2", page=page, text_a="y", text_b="x")]).digest("page.j2")
    assert first != second


def test_a_projects_own_template_overrides_the_packaged_one_by_name(tmp_path: Path) -> None:
    ours = folder(
        tmp_path / "ours", page="{% include 'text/a.j2' %} {% include 'text/b.j2' %}", text_a="ours", text_b="ours"
    )
    own = folder(tmp_path / "own", text_a="own")
    both = Templates([own, ours])
    assert both.render("page.j2", {}).text == "own ours\n"
    assert both.digest("page.j2") != Templates([ours]).digest("page.j2")
    assert both.digest("text/b.j2") == Templates([ours]).digest("text/b.j2")


def test_a_projects_templates_stand_before_the_packaged_ones(tmp_path: Path) -> None:
    files = {"templates/text/soul.j2": "Our own soul.\n"}
    root = Path(os.path.realpath(write_project(tmp_path, {"ana": "id: ana\nbrief: A gardener.\n"}, files)))
    templates = Templates(Project(root).template_folders)
    assert templates.render("text/soul.j2", {}).text == "Our own soul.\n"
    assert templates.exists("text/self.j2") and templates.exists("image/heia.j2")


def test_a_damaged_row_of_what_a_template_includes_counts_as_none(tmp_path: Path) -> None:
    class Memory:
        def get_spec(self, key: str) -> bytes | None:
            return b"\xff"

        def put_spec(self, key: str, body: bytes, groups: dict[str, bytes]) -> None:
            pass

    root = folder(tmp_path, page="{% include 'text/other.j2' %}", text_other="there")
    assert Templates([root], Memory()).closure("page.j2").keys() == {"page.j2", "text/other.j2"}
