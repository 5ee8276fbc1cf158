# Made by scripts/make_sync_client.py; change bitpareto/_async instead.
"""What a client offers, one module per noun."""
