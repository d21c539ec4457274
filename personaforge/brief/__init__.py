"""What a brief states: facts with their words, read in 16 languages, and what became of each in the document.

`reading.read_brief` reads, `fate.fates` compares. Nothing here drafts, asks a model or knows a provider.
"""
