"""From an exported program (``.pt2``) to a layer list and float weights, executing none of it.

``torch.export.load`` unpickles, evaluates expressions and resolves names, so it is not used: the
archive's JSON and raw numbers are read with the standard library and NumPy (``docs/adr/0006``).
Nothing here imports torch. ``python -m networks.imported`` is the same under resource limits.
"""
