"""What `personaforge.sandbox` overrides of Jinja2, most of it not public: an upgrade under which the meter no longer
sees what a template does fails here, and not where a stranger's template is rendered."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from jinja2.compiler import CodeGenerator
from jinja2.sandbox import ImmutableSandboxedEnvironment

from personaforge import sandbox
from personaforge.sandbox import TooMuch, environment, metered

WRITES = {
    "visit_For": ("self", "node", "frame"),
    "visit_Concat": ("self", "node", "frame"),
    "visit_List": ("self", "node", "frame"),
    "visit_Dict": ("self", "node", "frame"),
    "visit_Tuple": ("self", "node", "frame"),
}
"""What is overridden of Jinja2's code generator -> its parameters there."""
RUNS = {
    "call_binop": ("self", "context", "operator", "left", "right"),
    "call": ("_SandboxedEnvironment__self", "_SandboxedEnvironment__context", "_SandboxedEnvironment__obj", "args",
             "kwargs"),
    "is_safe_attribute": ("self", "obj", "attr", "value"),
    "wrap_str_format": ("self", "value"),
    "get_template": ("self", "name", "parent", "globals"),
    "select_template": ("self", "names", "parent", "globals"),
    "concat": ("iterable",),
}  # fmt: skip
"""What is overridden of its sandbox."""
OWN = {"counted", "held"}
KNOWN = """
Add And Assign AssignBlock Block Break Call CallBlock Compare Concat CondExpr Const ContextReference Continue
DerivedContextReference Dict Div EnvironmentAttribute EvalContextModifier ExprStmt Extends ExtensionAttribute Filter
FilterBlock FloorDiv For FromImport Getattr Getitem If Import ImportedName Include InternalName Keyword List Macro
MarkSafe MarkSafeIfAutoescape Mod Mul NSRef Name Neg Not Operand Or Output OverlayScope Pos Pow Scope
ScopedEvalContextModifier Slice Sub Template TemplateData Test Tuple With
"""
"""All that a template may be made of: each was looked at for work that nobody would count."""
MISSING = "(undefined(name='{0}') if l_0_{0} is missing else l_0_{0})"
A, B, Y = (MISSING.format(name) for name in "aby")
PRINTED = "yield str(environment.finalize({}))"
GENERATED = {
    "{% for x in y %}{{ x }}{% endfor %}": [
        f"for l_1_x in environment.call(context, environment.counted, {Y}):",
        PRINTED.format("l_1_x"),
    ],
    "{% for x in y recursive %}{{ loop(x) }}{% endfor %}": [
        f"yield loop(environment.call(context, environment.counted, {Y}), loop)",
        "str(environment.finalize(environment.call(context, l_1_loop, l_1_x, _loop_vars=_loop_vars))),",
    ],
    "{{ a ~ b }}": [PRINTED.format(f"environment.concat(({A}, {B}, ))")],
    "{{ [a, b] }}": [PRINTED.format(f"environment.held([{A}, {B}])")],
    "{{ {'k': a} }}": [PRINTED.format(f"environment.held({{'k': {A}}})")],
    "{{ (a, b) }}": [PRINTED.format(f"environment.held(({A}, {B}))")],
    "{% set a, b = y %}": [f"(l_0_a, l_0_b) = {Y}"],
    "{{ a(b) }}": [PRINTED.format(f"environment.call(context, {A}, {B})")],
    "{{ a.b }}": [PRINTED.format(f"environment.getattr({A}, 'b')")],
    "{{ a[b] }}": [PRINTED.format(f"environment.getitem({A}, {B})")],
    **{
        f"{{{{ a {sign} b }}}}": [PRINTED.format(f"environment.call_binop(context, '{sign}', {A}, {B})")]
        for sign in ("+", "*", "**", "%")
    },
    "{% macro m(a) %}{{ a }}{% endmacro %}": ["concat = environment.concat", "return concat(t_1)"],
    "{% set a %}{{ b }}{% endset %}": ["concat(t_1)"],
}
"""Templates -> lines of the Python that they become."""


def parameters(function: Any) -> tuple[str, ...]:
    return tuple(inspect.signature(function).parameters)


def test_what_is_overridden_is_what_is_listed_here() -> None:
    generator = {name for name, value in vars(sandbox._Generator).items() if inspect.isfunction(value)}
    assert generator == WRITES.keys()
    runs = {name for name, value in vars(sandbox.Environment).items() if inspect.isfunction(value)}
    assert runs == RUNS.keys() | OWN
    assert sandbox.Environment.code_generator_class is sandbox._Generator


@pytest.mark.parametrize(
    ("owner", "names"), [(CodeGenerator, WRITES), (ImmutableSandboxedEnvironment, RUNS)], ids=["writes", "runs"]
)
def test_jinja_still_calls_it_so(owner: type, names: dict[str, tuple[str, ...]]) -> None:
    assert {name: parameters(getattr(owner, name)) for name in names} == names
    assert not [name for name in OWN if hasattr(owner, name)], "names of ours that Jinja2 has taken"


def test_jinja_has_no_kind_of_node_that_nobody_looked_at() -> None:
    assert {name.removeprefix("visit_") for name in dir(CodeGenerator) if name.startswith("visit_")} == {*KNOWN.split()}


@pytest.mark.parametrize("text", GENERATED)
def test_the_meter_is_in_what_a_template_becomes(text: str) -> None:
    source = environment(lambda name: text).compile(text, raw=True)
    lines = [line.strip() for line in source.splitlines()]
    for wanted in GENERATED[text]:
        assert any(wanted in line for line in lines), source


@pytest.mark.parametrize(
    "text",
    [
        "{% for x in y %}{% for z in y %}{{ z }}{% endfor %}{% endfor %}",
        "{% set a = y | join %}{{ a ~ a ~ a ~ a ~ a ~ a ~ a ~ a ~ a }}",
        "{% for i in range(1000) %}{{ [y, y, y, y] | length }}{% endfor %}",
        "{% macro m() %}{% endmacro %}{% for i in range(1000) %}" + "{{ m() }}" * 60 + "{% endfor %}",
    ],
)
def test_the_meter_stops_what_grows(text: str) -> None:
    template = environment(lambda name: text).get_template("grows")
    with metered(), pytest.raises(TooMuch):
        template.render(y=["word" * 20] * 300)
