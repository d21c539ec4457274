"""The command line: parse, call one library function, print. Nothing imports it."""
