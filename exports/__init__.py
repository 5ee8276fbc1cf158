"""Packed files in the formats of others: ONNX, and C for microcontrollers. Loads no torch."""
