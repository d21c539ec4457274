"""What SQL that people write may take: memory, temporary files and time. Declared in conf/store, raised on the command
line.

Time is how long DuckDB works, not how long the reader of an answer takes. Memory is DuckDB's own; what an answer takes
as text is added to it, and is bounded where all of it is held at once (`report.query`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from personaforge.arguments import number
from personaforge.errors import PersonaForgeError

if TYPE_CHECKING:
    import duckdb

PLACE = "store.query"
"""Where the bounds are declared."""
_AGAIN = 0.1
"""Seconds between attempts to stop a statement."""


class OutOfBounds(PersonaForgeError):
    """What was asked takes more than its bounds."""


class Bounds(NamedTuple):
    """What one statement may take."""

    memory_gigabytes: float
    temporary_gigabytes: float
    """Bound of what doesn't fit into memory and lies in files beside the warehouse meanwhile."""
    seconds: float

    @classmethod
    def of(cls, declared: Mapping[str, Any], **asked: float | None) -> Bounds:
        """Return the bounds that a `store` group declares; those that are asked for here and not None replace them.

        Raises PersonaForgeError for one that is no finite number above 0.
        """
        given = {name: number(name, value, 0, above=True) for name, value in asked.items() if value is not None}
        return cls(**{name: float(declared["query"][name]) for name in cls._fields})._replace(**given)

    def least(self, other: Bounds) -> Bounds:
        """Return the lower of each pair of bounds."""
        return Bounds(*map(min, self, other))

    def settings(self, path: Path) -> tuple[str, ...]:
        """Return the statements that bound a connection to a warehouse."""
        place = f"{path}.tmp".replace("'", "''")
        return (
            f"set memory_limit = '{max(int(self.memory_gigabytes * 1000), 1)}MB'",
            f"set temp_directory = '{place}'",
            f"set max_temp_directory_size = '{int(self.temporary_gigabytes * 1000)}MB'",
        )


class Clock:
    """The time that is left to a statement; stops its connection when that is over."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, bounds: Bounds) -> None:
        self._connection = connection
        self._bounds = bounds
        self._left = bounds.seconds

    @contextmanager
    def running(self) -> Iterator[None]:
        """Let the time run while DuckDB works. Raises OutOfBounds in place of what DuckDB says of a bound."""
        import duckdb

        done = threading.Event()
        watch = threading.Thread(target=self._watch, args=(done,), name="forge-query-time", daemon=True)
        started = time.monotonic()
        watch.start()
        try:
            yield
        except duckdb.InterruptException as error:
            raise self._too_long() from error
        except duckdb.OutOfMemoryException as error:
            raise self._too_large(str(error)) from error
        except duckdb.InvalidInputException as error:
            if "INTERRUPT" in str(error):  # as DuckDB says it of a result that was stopped between two of its batches
                raise self._too_long() from error
            self._connection.interrupt()
            raise
        except BaseException:
            self._connection.interrupt()  # after ^C it works on, and closing would wait for its end
            raise
        finally:
            done.set()
            watch.join()
            self._left -= time.monotonic() - started

    def _watch(self, done: threading.Event) -> None:
        """Stop the connection's statement once the time is over: again and again, since DuckDB ignores it while it only
        prepares a statement."""
        left = max(self._left, 0.001)
        while not done.wait(left):
            self._connection.interrupt()
            left = _AGAIN

    def _too_long(self) -> PersonaForgeError:
        text = f"was stopped after {self._bounds.seconds:g} s, the most that a query may take"
        return OutOfBounds(text, hint=_hint("--timeout", self._bounds.seconds, "seconds"))

    def _too_large(self, said: str) -> PersonaForgeError:
        memory, temporary, _ = self._bounds
        if "max_temp_directory_size" in said:
            found, name = f"{temporary:g} GB of temporary files", "temporary_gigabytes"
        else:
            found, name = f"{memory:g} GB of memory", "memory_gigabytes"
        text = f"needs more than {found}, the most that a query may take"
        return OutOfBounds(text, hint=_hint("--memory", memory, name))


def _hint(option: str, value: float, name: str) -> str:
    return f"{option} {value * 4:g}, or {PLACE}.{name} in conf/project/settings.yaml"
