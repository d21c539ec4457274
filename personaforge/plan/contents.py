"""Content by digest: the store's, what procedures have just computed, and what only the build folder still holds.

A build folder that came with a git clone, or that survived a lost store, is as good a source as any: its files count
when they have the digest. Planning only looks; running takes them back into the store.
"""

from __future__ import annotations

from personaforge.digest import digest_bytes
from personaforge.providers.kinds import HEAD
from personaforge.steps.action import Action, Result
from personaforge.store.artifact import Artifact
from personaforge.store.outputs import BuildFolder
from personaforge.store.store import Store


class Contents:
    """The content that one persona's procedures may read; see `personaforge.steps.context.Artifacts`."""

    def __init__(self, store: Store, folder: BuildFolder, *, keep: bool = False) -> None:
        self._store = store
        self._folder = folder
        self._keep = keep
        self._computed: dict[str, bytes] = {}
        self._damaged: set[str] = set()
        """What the store holds and was found to be something else: as good as not there, until it is kept anew."""
        self._places: dict[str, str] | None = None

    def computed(self, action: Action) -> Result:
        """Return the result of keeping bytes, without keeping them."""
        content = action.content
        assert content is not None
        artifact = Artifact(action.request["digest"], action.request["media_type"], len(content))
        self._computed[artifact.digest] = content
        return Result(action, {"content": artifact}, {})

    def has(self, digest: str) -> bool:
        """Tell whether a content can be read; when running, one that only the build folder holds is taken back."""
        if digest in self._damaged and self._store.blobs.sound(digest):
            self._damaged.discard(digest)
        return (digest not in self._damaged and self._store.blobs.has(digest)) or self.size(digest) is not None

    def sound(self, digest: str) -> bool:
        """Tell the same after a look at every byte, for what is about to be relied on."""
        if self._store.blobs.has(digest) and not self._store.blobs.sound(digest):
            self._damaged.add(digest)
        return self.has(digest)

    def kept(self, result: Result) -> bool:
        """Tell whether computed bytes are in the store already."""
        digest = result.outputs["content"].digest
        return digest not in self._damaged and self._store.blobs.has(digest)

    def size(self, digest: str, path: str = "") -> int | None:
        """Return the size of a content in bytes, or None when it can't be read."""
        if digest in self._computed:
            return len(self._computed[digest])
        found = self._store.blobs.size(digest) if digest not in self._damaged else None
        if found is None:
            data = self._from_folder(digest, path)
            found = len(data) if data is not None else None
        return found

    def read(self, digest: str) -> bytes:
        """Return a content. Raises StoreError."""
        if digest in self._computed:
            return self._computed[digest]
        if digest in self._damaged or not self._store.blobs.has(digest):
            data = self._from_folder(digest, "")
            if data is not None:
                return data
        return self._store.blobs.get(digest)

    def head(self, digest: str) -> bytes:
        """Return a content's first bytes, as many as its media type needs. Raises StoreError."""
        if digest in self._computed or not self._store.blobs.has(digest):
            return self.read(digest)[:HEAD]
        return self._store.blobs.head(digest, HEAD)

    def _from_folder(self, digest: str, path: str) -> bytes | None:
        """Return what the build folder holds under a digest: at the given path, or anywhere in it."""
        place = path if path and self._folder.holds(path, digest) else ""
        if not place:
            if self._places is None:
                self._places = self._folder.contents()
            place = self._places.get(digest, "")
        if not place:
            return None
        data = self._folder.read(place)
        if digest_bytes(data) != digest:
            return None
        if self._keep:
            self._store.blobs.put(data)
        return data
