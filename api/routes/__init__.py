"""The routes, one module per noun. A route parses, calls one use case, and maps."""
