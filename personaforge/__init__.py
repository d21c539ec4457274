"""PersonaForge: persona as code. Import from the submodules; this package stays empty so that start-up is instant."""

__version__ = "0.1.0"
