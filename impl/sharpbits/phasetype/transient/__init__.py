"""Expectations and states of a Markov chain at given times, differentiable by JAX.

================  ====================================================================================
``expectation``   the one function
``kernel``        on CPUs: compiled C++ (``impl/native/phasetype``) behind JAX's foreign calls
``portable``      on every other platform, and for forward mode: the same method in ``jax.numpy``
``linear_map``    what lets JAX differentiate ``portable`` in every mode
``radau``         numbers of the method that the kernel takes for stiff chains
================  ====================================================================================

Method: uniformization (Jensen 1953), of about (largest rate) times (largest time) steps, with errors relative to the
result. The kernel takes the times that are beyond some ten thousand steps by implicit ones (Radau IIA collocation of
13 points), whose number grows with the logarithm of the rates and whose error bound is absolute. Which times these
are depends on the chain and its rates alone, not on the other times.
"""

from sharpbits.phasetype.transient.expectation import IMPLEMENTATIONS, by_platform, check_implementation, expectation
from sharpbits.phasetype.transient.question import Question

__all__ = ["IMPLEMENTATIONS", "Question", "by_platform", "check_implementation", "expectation"]
