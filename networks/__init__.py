"""From a layer list to a trainable network, and from that to a packed artifact."""
