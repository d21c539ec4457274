"""What a persona's nodes last resulted in: found by kind of step, never by a name, and with typed facts.

The store keeps results and knows no meaning (`personaforge.store.result`); this package knows what an anchor is. It
lies above the steps and below the plan. It writes nothing, and judges nothing anew.
"""
