"""The DuckDB warehouse: a projection of the records that can be thrown away and made again."""
