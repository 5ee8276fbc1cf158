"""A deployment whose parts are killed, cut off and confused on purpose."""
