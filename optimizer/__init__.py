"""Ask-tell strategies: plain history in, candidates out. Ax and BoTorch stay behind this door."""
