"""Fake quantizers, the packed artifact and its integer runtime."""
