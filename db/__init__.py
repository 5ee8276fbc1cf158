"""The SQL store: tables, mappers, repositories, unit of work."""
