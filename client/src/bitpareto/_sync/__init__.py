# Made by scripts/make_sync_client.py; change bitpareto/_async instead.
"""The client's source; ``bitpareto._sync`` is made of it by ``scripts/make_sync_client.py``."""
