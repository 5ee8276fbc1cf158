"""Genes, candidates, layer lists and their exact costs (stdlib and NumPy only)."""
