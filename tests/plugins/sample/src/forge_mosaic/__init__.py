"""A sample plug-in of PersonaForge."""
