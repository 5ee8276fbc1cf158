"""Ask-tell strategies over plain values."""
