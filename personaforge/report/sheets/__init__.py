"""What commands found, as sheets that `personaforge.report.formats` can write: a module for each command."""
