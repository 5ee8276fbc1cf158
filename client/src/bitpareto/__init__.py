"""SDK and CLI of bitpareto."""
