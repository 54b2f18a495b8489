"""Companion package of the course: how a neural network learns.

Importing ``course_lib`` loads neither JAX nor matplotlib; each subpackage does
what its name says and loads only what it needs.
"""

__version__ = "0.1.0"
