"""Tables in, numbers out: reading, columns, labels, splits, and the embedded data set."""

from sharpbits.classifier.data.embedded import EMBEDDED_TARGET, embedded_table
from sharpbits.classifier.data.labels import LabelNames
from sharpbits.classifier.data.reading import read_table
from sharpbits.classifier.data.schema import Schema
from sharpbits.classifier.data.splits import sample_rows, split_rows

__all__ = [
    "EMBEDDED_TARGET",
    "LabelNames",
    "Schema",
    "embedded_table",
    "read_table",
    "sample_rows",
    "split_rows",
]
