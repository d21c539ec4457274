"""What `forge test` asks the warehouse: the last judgements of a persona's artifacts with their numbers, and SQL of the
user's. All of its queries are here.

A check may come from a stranger's pull request, so its SQL is confined and bounded as `forge query`'s is.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, NamedTuple

from personaforge.errors import PersonaForgeError
from personaforge.metrics import METRICS
from personaforge.store.store import Store
from personaforge.warehouse.bounds import Bounds, Clock, OutOfBounds
from personaforge.warehouse.query import confined

if TYPE_CHECKING:
    import duckdb

_EVALUATIONS = """
    with last as (
        select * from judgements where persona = $persona and coalesce(node, '') <> ''
        qualify row_number() over (
            partition by node, step, artifact, coalesce(anchor, '') order by evaluated desc, evaluation desc
        ) = 1
    ),
    numbers as (
        select evaluation, map_from_entries(list((metric, value))) as numbers
        from values where persona = $persona group by evaluation
    )
    select node, step, coalesce(slot, '') as slot, modality, coalesce(artifact, '') as artifact,
        coalesce(anchor, '') as anchor, coalesce(decision, '') as decision, numbers,
        coalesce(unmeasured, '') as unmeasured, coalesce(reason, '') as reason,
        coalesce(out_of_domain, false) as out_of_domain,
        coalesce(model, '') as model, coalesce(provider, '') as provider,
        concat_ws(' ', coalesce(pack, model), pack_digest[:8], detector_size, backend_version) as measured_by
    from last left join numbers using (evaluation)
    order by evaluated, evaluation
"""


_GATES = {one.modality: one.name for one in METRICS if one.is_gate}


class Found(NamedTuple):
    """The result of SQL."""

    names: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    """The first ones."""
    more: bool
    """Whether there are others."""


class BrokenQuery(PersonaForgeError):
    """A check's SQL can't be run."""


def evaluations(connection: duckdb.DuckDBPyConnection, persona: str) -> list[dict[str, Any]]:
    """Return the last judgement of each artifact of a persona's nodes against each anchor, oldest first.

    `numbers` are its values by metric, `score` the one that its gate judges, `measured_by` says which analyzer it was.
    """
    cursor = connection.execute(_EVALUATIONS, {"persona": persona})
    names = [column[0] for column in cursor.description or ()]
    found = []
    for row in cursor.fetchall():
        one = dict(zip(names, row, strict=True))
        one["numbers"] = one["numbers"] or {}
        one["score"] = one["numbers"].get(_GATES.get(one["modality"], ""))
        found.append(one)
    return found


def sealed(store: Store, bounds: Bounds) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
    """Open the warehouse with everything that the records say by now, for SQL that nobody has reviewed."""
    return confined(store, bounds=bounds)


def ask(connection: duckdb.DuckDBPyConnection, sql: str, persona: str, most: int, bounds: Bounds) -> Found:
    """Run one SELECT, in which `$persona` is the persona's id. Raises BrokenQuery."""
    import duckdb

    try:
        statements = connection.extract_statements(sql)
    except duckdb.Error as error:
        raise BrokenQuery(str(error).strip()) from error
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        kinds = ", ".join(str(one.type).rpartition(".")[2].partition(":")[0] for one in statements) or "nothing"
        raise BrokenQuery(f"found {kinds}, expected one SELECT")
    named = statements[0].named_parameters
    if named - {"persona"}:
        raise BrokenQuery(f"found ${', $'.join(sorted(named - {'persona'}))}, expected no parameter but $persona")
    try:
        with Clock(connection, bounds).running():
            cursor = connection.execute(statements[0], {"persona": persona} if named else None)
            names = tuple(str(column[0]) for column in cursor.description or ())
            rows = cursor.fetchmany(most + 1)
    except OutOfBounds as error:
        raise BrokenQuery(error.message, hint=error.hint) from error
    except (duckdb.IOException, duckdb.FatalException, duckdb.InternalException):
        raise  # not about the check
    except duckdb.Error as error:
        raise BrokenQuery(str(error).strip()) from error
    return Found(names, tuple(rows[:most]), len(rows) > most)
