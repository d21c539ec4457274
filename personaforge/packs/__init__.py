"""Known face packs: what is declared about them, fetching them, and checking them against it.

This is the only part of forge that downloads models, and nothing but `forge models pull` calls it: finding and reading
packs (`personaforge.faces.packs`) knows nothing of it.
"""
