"""What a client offers, one module per noun."""
