"""The data set that needs no file: the Wisconsin diagnostic breast cancer table that scikit-learn ships."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

EMBEDDED_TARGET = "diagnosis"


def embedded_table() -> pd.DataFrame:
    """Return 569 rows of 30 measurements, and the column ``diagnosis``: benign or malignant.

    Source: W. N. Street, W. H. Wolberg, O. L. Mangasarian, 1993; UCI machine learning repository.
    """
    import numpy as np
    from sklearn.datasets import load_breast_cancer

    bunch = load_breast_cancer(as_frame=True)
    return bunch.data.assign(**{EMBEDDED_TARGET: np.asarray(bunch.target_names)[bunch.target]})
