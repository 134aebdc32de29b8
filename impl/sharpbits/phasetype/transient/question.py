"""What an evaluation of a chain does not differentiate by."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int32

from sharpbits.phasetype.elimination_plan import TooManyEdgesError, elimination_plan
from sharpbits.phasetype.plan import Plan

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Question:
    """A chain's structure and how exactly it is to be evaluated.

    Attributes
    ----------
    plan
        The structure.
    discrete
        Whether weights are probabilities of a step and times are numbers of steps.
    tolerance
        Bound of the error by which series are cut off.
    most_steps
        More steps of uniformization than this are refused by the kernel, and NaN in ``jax.numpy``.
    implicit
        Whether the kernel may take implicit steps for long times: their errors are absolute, and they need a chain
        each of whose edges leaves its source.
    """

    plan: Plan
    discrete: bool = False
    tolerance: float = 1e-12
    most_steps: float = 1e7
    implicit: bool = True

    def elimination(self) -> Int32[np.ndarray, " length"]:
        """Return the plan by which the kernel takes implicit steps; empty where it can take none.

        That is where they are not allowed, in discrete time, and where elimination makes more edges than there is room
        for.
        """
        if self.discrete or not self.implicit:
            return np.zeros(0, np.int32)

        def make() -> Int32[np.ndarray, " length"]:
            try:
                return elimination_plan(self.plan)
            except TooManyEdgesError as error:
                logger.info("every time is reached by uniformization: %s", error)
                return np.zeros(0, np.int32)

        found: Int32[np.ndarray, " length"] = self.plan.derived("elimination or none", make)
        return found
