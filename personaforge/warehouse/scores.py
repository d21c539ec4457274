"""What `forge test` asks the warehouse: all evaluations of a persona with what was measured beside them, and SQL of the
user's. All of its queries stand here.

A check may come from a stranger's pull request, so its SQL is confined and bounded as `forge query`'s is.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, NamedTuple

from personaforge.errors import PersonaForgeError
from personaforge.store.store import Store
from personaforge.warehouse.bounds import Bounds, Clock, OutOfBounds
from personaforge.warehouse.query import confined

if TYPE_CHECKING:
    import duckdb

_EVALUATIONS = """
    with faces as (
        select artifact, backend, pack_digest, backend_version, detector_size,
            any_value(faces) as faces, any_value(detection) as detection, any_value(sharpness) as sharpness
        from measurements where modality = 'face' and status = 'measured' group by all
    )
    select evaluations.node, evaluations.step, coalesce(evaluations.slot, '') as slot, evaluations.modality,
        coalesce(evaluations.artifact, '') as artifact, coalesce(evaluations.anchor, '') as anchor,
        coalesce(evaluations.decision, '') as decision, evaluations.score, evaluations.cosine, evaluations.error,
        evaluations.turn, evaluations.cosine_std, evaluations.ratio_variance, evaluations.clip_sharpness,
        evaluations.flicker, evaluations.attempt + 1 as attempt, faces.faces, faces.detection, faces.sharpness,
        coalesce(evaluations.unmeasured, '') as unmeasured, coalesce(evaluations.reason, '') as reason,
        coalesce(evaluations.out_of_domain, false) as out_of_domain,
        coalesce(evaluations.model, '') as model, coalesce(evaluations.provider, '') as provider,
        concat_ws(' ', coalesce(evaluations.pack, evaluations.model), evaluations.pack_digest[:8],
            evaluations.detector_size, evaluations.backend_version) as measured_by
    from evaluations left join faces using (artifact, backend, pack_digest, backend_version, detector_size)
    where evaluations.persona = ? and coalesce(evaluations.node, '') <> ''
    order by evaluations.evaluated, evaluations.evaluation
"""


class Found(NamedTuple):
    """What SQL came to."""

    names: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    """The first ones."""
    more: bool
    """Whether there are others."""


class BrokenQuery(PersonaForgeError):
    """A check's SQL can't be run."""


def evaluations(connection: duckdb.DuckDBPyConnection, persona: str) -> list[dict[str, Any]]:
    """Return every evaluation of a persona's nodes, oldest first. `measured_by` says which analyzer it was."""
    cursor = connection.execute(_EVALUATIONS, [persona])
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def sealed(store: Store, bounds: Bounds) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
    """Open the warehouse with everything that the records say by now, for SQL that nobody has looked at."""
    return confined(store, bounds=bounds)


def ask(connection: duckdb.DuckDBPyConnection, sql: str, persona: str, most: int, bounds: Bounds) -> Found:
    """Run one SELECT, in which `$persona` stands for the persona's id. Raises BrokenQuery."""
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
