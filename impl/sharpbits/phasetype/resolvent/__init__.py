"""``(z - Q)⁻¹ b`` of a Markov chain, differentiable by JAX: what moments and Laplace transforms are made of.

==============  ====================================================================================
``resolve``     the one function
``kernel``      on CPUs: sparse elimination without subtractions, compiled (``impl/native/phasetype``)
``portable``    elsewhere: sweeps along an acyclic chain, dense elimination of a cyclic one
==============  ====================================================================================
"""

from sharpbits.phasetype.resolvent.resolve import Resolvent

__all__ = ["Resolvent"]
