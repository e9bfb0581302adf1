"""A local sandbox server for four SIM and number APIs that a test can steer."""

__version__ = "0.2.0.dev0"
