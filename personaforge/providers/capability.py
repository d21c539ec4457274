"""What is fixed about a provider and known without importing it. Not configurable: a spec can't claim it."""

from __future__ import annotations

from typing import Literal, NamedTuple

from personaforge.domains import PHOTOGRAPHS
from personaforge.versions import library_versions

Transport = Literal["bytes", "data-uri", "url", "upload"]
"""How inputs travel: in the body, as a data URI, as a public address, or uploaded first."""


class Limits(NamedTuple):
    """How much of a provider is used at once. The defaults are in its capability, a preset may say otherwise."""

    in_flight: int = 4
    """Calls that the provider works on at the same time, from submit to result."""
    per_minute: float | None = None
    """Requests submitted in a minute; None for no limit of ours."""
    deadline_seconds: float = 300.0
    """How long a build waits for a job before it leaves it to a later build."""


class Capability(NamedTuple):
    """A provider of one modality."""

    name: str
    modality: str
    """`text`, `image`, `video` or `speech`."""
    reads: frozenset[str]
    """Names of the request fields and inputs that reach the provider, and so enter the action key."""
    paid: bool = True
    """Whether a call costs money. A paid call is journalled before it is sent."""
    deterministic: bool = False
    """Whether the same request gives the same bytes, so that a lost pinned artifact may be remade and compared."""
    version: str = "1"
    """Raised when the same request would give other bytes; part of the action key."""
    label: str = ""
    """Shown wherever the provider's output shows, such as `embedded`."""
    domain: str = PHOTOGRAPHS.name
    """What its pictures and clips are; see `personaforge.domains`. Their files say so where the domain has a label."""
    own_references: bool = False
    """Whether a reference has to be a picture of its own: it draws the face in the file's data, and reads no other."""
    places: bool = False
    """Whether it draws several faces of one DNA, by the request field `placement`, and has a placer that measures
    their distances; see `protocols.Placer`."""
    remote: bool = False
    """Whether calls leave this machine. Such a call waits for the network and takes no processor."""
    immediate: bool = True
    """Whether `submit` answers with the result. Otherwise it answers with a job that is polled."""
    references: int = 0
    """Reference pictures that it takes at most."""
    seed: bool = False
    """Whether it takes a seed."""
    sizes: tuple[str, ...] = ()
    """Sizes or ratios that it draws, such as `1024x1536`; empty for any."""
    shape_of_reference: bool = False
    """Whether what it makes of a reference picture has that picture's shape, whatever size it is asked for."""
    transports: frozenset[Transport] = frozenset()
    """How it takes its inputs."""
    result_seconds: float | None = None
    """How long a finished result stays there; None where no bound is known."""
    client_key: bool = False
    """Whether our own key is sent with the request, so that the provider recognises a repeated one."""
    safe_resubmit: bool = False
    """Whether a request that is sent twice with one client key is accepted, and charged, once."""
    finds: bool = False
    """Whether `find` can say whether a request whose answer was lost has a job."""
    find_settles_seconds: float = 60.0
    """How long after sending `find` may still miss a request that was accepted."""
    cancels: bool = False
    deletes: bool = False
    """Whether `delete` removes what the provider keeps of a job."""
    pings: bool = False
    """Whether `ping` asks something that costs nothing, to see whether the provider can be reached with its key."""
    mends: bool = True
    """Whether a text provider can mend a bad answer of its own. One that writes by rules can't."""
    keys: tuple[str, ...] = ()
    """Environment variables that may hold the key, the first one by default. A preset may name one of them, or a longer
    name that begins with one of them and an underscore (`FAL_KEY_STUDIO`): never any other variable."""
    key_beside: str = ""
    """A variable without which the first of `keys` is useless, such as the other half of a pair. If a preset gives the
    key a longer name, this variable has the same ending."""
    hosts: tuple[str, ...] = ()
    """The provider's own hosts. The key goes to these and to no other."""
    limits: Limits = Limits()
    model_accounts: bool = False
    """Whether model ids begin with the service that is paid (`anthropic/...`), which then has limits and stops of its
    own."""
    libraries: tuple[str, ...] = ()
    """Libraries whose version was shown to change the bytes, as `versions.library_versions` names them; part of the
    action key. Only for what is made here: a paid call's key never depends on what is installed."""
    writes: str = ""
    """Of a text provider: the only language that it writes, signature phrases aside, by its English name; empty for one
    that writes any."""
    editions: tuple[tuple[str, str], ...] = ()
    """Of a text provider: sections that have a version of their own, such as an audit whose rules change while those of
    no other section do; part of these sections' keys alone."""

    @property
    def maker(self) -> str:
        """The provider with its versions, as an action key names it: `embedded@6`, or `embedded@6, opencv 5.0.0.93`."""
        return ", ".join((f"{self.name}@{self.version}", *library_versions(self.libraries)))

    def maker_of(self, section: str) -> str:
        """Return the maker of a section: `embedded@3, audit 2` where the section has a version of its own."""
        edition = dict(self.editions).get(section)
        return self.maker if edition is None else f"{self.maker}, {section} {edition}"
