"""A local sandbox server for four SIM and number APIs that a test can steer."""

__version__ = "0.1.0"
