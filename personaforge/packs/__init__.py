"""Known face packs: what is declared about them, fetching them, and verifying them.

This is the only part of forge that downloads models, and nothing but `forge models pull` calls it: finding and reading
packs (`personaforge.faces.packs`) knows nothing of it.
"""
