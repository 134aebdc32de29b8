"""The numbers of the Radau IIA collocation method of 13 points, as the kernel wants them (``collocation.hpp``).

Source: Hairer and Wanner, "Solving Ordinary Differential Equations II", Springer (1996), section IV.5.
"""

from __future__ import annotations

import functools

import numpy as np
from jaxtyping import Float64
from numpy.polynomial import legendre
from scipy.linalg import schur

POINTS = 13


@functools.cache
def radau_table() -> Float64[np.ndarray, " length"]:
    """Return points, matrix A, its real Schur vectors and form, weights of the leading coefficient, and a variation.

    The leading coefficient is that of the polynomial through values at 0 and at the points. The variation is
    ``max |w| + |w(0)| + total variation of w`` on [0, 1], of ``w(x)``, the product of ``x - point``.
    """
    # The points are the roots of P_12 - P_13, shifted to [0, 1]; polished by Newton's method.
    series = np.zeros(POINTS + 1)
    series[-2:] = 1, -1
    roots = np.sort(legendre.legroots(series).real)
    roots -= legendre.legval(roots, series) / legendre.legval(roots, legendre.legder(series))
    roots[-1] = 1
    points = (roots + 1) / 2
    values = legendre.legvander(roots, POINTS - 1)
    integrals = np.stack([legendre.legval(roots, legendre.legint(row, lbnd=-1)) / 2 for row in np.eye(POINTS)], axis=1)
    matrix = np.linalg.solve(values.T, integrals.T).T
    form, vectors = schur(matrix, output="real")
    # Vectors orthogonal to rounding, or every step would lose some 1e-15 of the probability.
    wide = vectors.astype(np.longdouble)
    vectors = ((3 * wide - wide @ (wide.T @ wide)) / 2).astype(np.float64)
    form = np.where(np.triu(np.ones_like(form), -1) * (form != 0) > 0, vectors.T @ matrix @ vectors, 0)
    nodes = np.concatenate([[0.0], points])
    leading = np.array([1 / np.prod(node - np.delete(nodes, place)) for place, node in enumerate(nodes)])
    product = np.prod(np.linspace(0, 1, 20_001)[:, None] - points, axis=1)
    # Between points of the grid the product varies by less than a thousandth more.
    variation = 1.001 * (np.abs(product).max() + np.abs(product[0]) + np.abs(np.diff(product)).sum())
    table = np.concatenate([points, matrix.ravel(), vectors.ravel(), form.ravel(), leading, [variation]])
    table.flags.writeable = False
    return table
