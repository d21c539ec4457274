"""One module a backend; `protocols` is the seam."""
