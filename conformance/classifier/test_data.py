"""Tables: labels are coded by order alone, columns become numbers by one rule, rows are drawn and split by seed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sharpbits.classifier import InvalidDataError, LabelNames, Schema, embedded_table, read_table
from sharpbits.classifier.data import EMBEDDED_TARGET, sample_rows, split_rows
from sharpbits.classifier.data.columns import numbers_of
from sharpbits.classifier.data.labels import MISSING
from sharpbits.errors import UsageError

CODES = st.lists(st.integers(0, 1), min_size=2, max_size=30).filter(lambda codes: len(set(codes)) == 2)
WORDS = st.text(st.characters(categories=["L"]), min_size=1, max_size=8).filter(lambda w: w.casefold() not in MISSING)


@pytest.mark.parametrize(
    "labels",
    [
        (0, 1),
        (0.0, 1.0),
        ("0", "1"),
        ("0.0", " 1"),
        (-1, 1),
        ("-1", "+1"),
        (False, True),
        (np.False_, np.True_),
        ("9", "10"),
        ("benign", "malignant"),
        (0.25, 0.5),
        ("1", "a"),
    ],
)
@given(codes=CODES)
def test_the_label_that_is_later_in_order_is_the_positive_class(
    labels: tuple[object, object], codes: list[int]
) -> None:
    column = [labels[code] for code in codes]
    assert LabelNames.of(column).encode(column).tolist() == codes


@given(codes=CODES, words=st.tuples(WORDS, WORDS), data=st.data())
def test_the_code_of_a_label_depends_on_no_row_but_its_own(
    codes: list[int], words: tuple[str, str], data: st.DataObject
) -> None:
    assume(words[0] != words[1])
    column = [words[code] for code in codes]
    coded = LabelNames.of(column).encode(column)
    order = data.draw(st.permutations(range(len(column))))
    shuffled = [column[row] for row in order]
    assert LabelNames.of(shuffled).encode(shuffled).tolist() == coded[order].tolist()


@given(codes=CODES)
def test_one_label_in_many_spellings_is_one_label(codes: list[int]) -> None:
    rng = np.random.default_rng(0)
    spellings = {0: [0, 0.0, "0", " 0 ", "0.0", "-0", "00"], 1: [1, 1.0, "1", "1.0", "+1", "1e0"]}
    column = [spellings[code][rng.integers(len(spellings[code]))] for code in codes]
    assert LabelNames.of(column) == LabelNames("0", "1")
    assert LabelNames.of(column).encode(column).tolist() == codes


@pytest.mark.parametrize("missing", [None, np.nan, float("nan"), pd.NA, pd.NaT, "", "  ", "NaN", "null", "N/A", "?"])
def test_a_missing_label_is_an_error_that_names_its_row(missing: object) -> None:
    with pytest.raises(InvalidDataError, match=r"row 2 has"):
        LabelNames.of([0, 1, missing])


@pytest.mark.parametrize(
    ("column", "why"),
    [([0, 1, 2], "3 classes: '0', '1', '2'"), (["a", "a"], "1 class: 'a'"), ([], "0 classes"), (range(9), "9 classes")],
)
def test_a_third_class_and_a_constant_label_are_errors(column: Sequence[object], why: str) -> None:
    with pytest.raises(InvalidDataError, match=why):
        LabelNames.of(column)


def test_the_positive_class_can_be_named_and_must_exist() -> None:
    names = LabelNames.of(["no", "yes"], positive="no")
    assert names.encode(["no", "yes"]).tolist() == [1, 0]
    with pytest.raises(InvalidDataError, match="not 'maybe'"):
        LabelNames.of(["no", "yes"], positive="maybe")
    with pytest.raises(InvalidDataError, match="'maybe', and the classes are 'yes' and 'no'"):
        names.encode(["no", "maybe"])


@given(numbers=st.lists(st.floats(allow_nan=True, allow_infinity=False), min_size=1, max_size=20))
def test_numbers_are_the_same_as_numbers_as_text_and_as_objects(numbers: list[float]) -> None:
    expected = np.array(numbers)
    for column in (pd.Series(numbers), pd.Series([repr(x) for x in numbers]), pd.Series(numbers, dtype=object)):
        np.testing.assert_array_equal(numbers_of(column), expected)


def test_booleans_are_0_and_1_and_missing_values_are_nan() -> None:
    expected = [1.0, 0.0, np.nan]
    for column in (
        pd.Series([True, False, None], dtype="boolean"),
        pd.Series([True, False, None], dtype=object),
        pd.Series(["True", "false", "n/a"]),
        pd.Series([1, 0, None], dtype="Int8"),
        pd.Series([1, 0, None], dtype=object),
    ):
        np.testing.assert_array_equal(numbers_of(column), expected)


@pytest.mark.parametrize(
    ("column", "why"),
    [
        (["1", "2", "three"], "row 2 has 'three', which is not a number"),
        (["1_000"], "row 0 has '1_000'"),
        ([1.0, np.inf], "row 1 is infinite"),
        (["1", "-inf"], "row 1 is infinite"),
        (pd.to_datetime(["2020-01-01"]), "which is not a number"),
    ],
)
def test_a_column_that_is_not_all_numbers_is_an_error_and_never_dropped(column: Sequence[object], why: str) -> None:
    with pytest.raises(InvalidDataError, match=why) as error:
        numbers_of(pd.Series(column, name="height"))
    assert "column=height" in str(error.value)


@given(rows=st.integers(0, 200), limit=st.integers(0, 200), seed=st.integers(0, 9))
def test_a_sample_has_distinct_rows_and_the_same_seed_gives_the_same(rows: int, limit: int, seed: int) -> None:
    sample = sample_rows(rows, limit, seed)
    assert len(sample) == min(rows, limit)
    assert sorted(set(sample.tolist())) == sample.tolist()
    assert set(sample.tolist()) <= set(range(rows))
    assert sample.tolist() == sample_rows(rows, limit, seed).tolist()


def test_a_sample_is_not_the_head() -> None:
    """Of 1,000 rows, the mean row number of 200 is 499.5 with a standard deviation below 20.4."""
    for seed in range(5):
        assert abs(sample_rows(1000, 200, seed).mean() - 499.5) < 5 * 20.4


@given(negatives=st.integers(2, 60), positives=st.integers(2, 60), share=st.floats(0.01, 0.99), seed=st.integers(0, 99))
def test_a_split_is_a_partition_that_keeps_the_proportion_of_the_classes(
    negatives: int, positives: int, share: float, seed: int
) -> None:
    labels = np.random.default_rng(seed).permutation([0] * negatives + [1] * positives)
    first, second = split_rows(labels, share, seed)
    assert sorted([*first, *second]) == list(range(len(labels)))
    for code, members in ((0, negatives), (1, positives)):
        size = int((labels[second] == code).sum())
        assert 1 <= size <= members - 1
        assert abs(size - share * members) <= 1
    again = split_rows(labels, share, seed)
    assert np.array_equal(second, again[1])


def test_a_split_that_cannot_be_made_is_an_error() -> None:
    with pytest.raises(InvalidDataError, match=r"a class has 1 row\(s\)"):
        split_rows([0, 0, 1], 0.5, 0)
    with pytest.raises(UsageError, match="not between 0 and 1"):
        split_rows([0, 0, 1, 1], 1.0, 0)


@pytest.fixture
def table() -> pd.DataFrame:
    return pd.DataFrame({"a": [1.5, 2.0, -3.25], "b": [1, 0, 1], "label": ["no", "yes", "no"]})


def test_every_format_reads_as_the_same_features_and_labels(table: pd.DataFrame, tmp_path: Path) -> None:
    table.to_csv(tmp_path / "t.csv", index=False)
    table.to_csv(tmp_path / "t.tsv", index=False, sep="\t")
    table.to_parquet(tmp_path / "t.parquet")
    for name in ("t.csv", "t.tsv", "t.parquet"):
        read = read_table(tmp_path / name)
        schema = Schema.of(read, "label")
        assert schema == Schema(("a", "b"), "label", LabelNames("no", "yes"))
        np.testing.assert_array_equal(schema.feature_values(read), table[["a", "b"]].to_numpy())
        assert schema.label_codes(read).tolist() == [0, 1, 0]


def test_numpy_files_have_numbered_columns(table: pd.DataFrame, tmp_path: Path) -> None:
    features, codes = table[["a", "b"]].to_numpy(), np.array([0, 1, 0])
    np.save(tmp_path / "t.npy", np.column_stack([features, codes]))
    np.savez(tmp_path / "t.npz", X=features, y=table["label"].to_numpy(dtype=str))
    plain = read_table(tmp_path / "t.npy")
    np.testing.assert_array_equal(Schema.of(plain, "2").feature_values(plain), features)
    assert Schema.of(plain, "2").label_codes(plain).tolist() == [0, 1, 0]
    named = read_table(tmp_path / "t.npz")
    np.testing.assert_array_equal(Schema.of(named, "y").feature_values(named), features)
    assert Schema.of(named, "y").labels == LabelNames("no", "yes")


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("t.csv", b"", "EmptyDataError"),
        ("t.csv", b"a,b\n", "it has no rows"),
        ("t.csv", b"a,b\n1,2,3\n4,5\n6,7,8,9,10\n", "ParserError|Error tokenizing"),
        ("t.csv", b"\xff\xfe\x00", "UnicodeDecodeError|codec"),
        ("t.parquet", b"PAR1 and no more", "Arrow"),
        ("t.npy", b"\x93NUMPY", "Error"),
        ("t.npz", b"PK\x03\x04", "Error|BadZipFile"),
        ("t.xlsx", b"", "is none of .csv"),
    ],
)
def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path, name: str, content: bytes, why: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises((InvalidDataError, UsageError), match=why):
        read_table(tmp_path / name)


def test_a_pickled_array_is_not_read(tmp_path: Path) -> None:
    np.save(tmp_path / "t.npy", np.array([[{"a": 1}]], dtype=object), allow_pickle=True)
    with pytest.raises(InvalidDataError, match="allow_pickle"):
        read_table(tmp_path / "t.npy")


def test_arrays_of_other_shapes_and_a_file_that_is_not_there_are_errors(tmp_path: Path) -> None:
    np.save(tmp_path / "t.npy", np.zeros(3))
    with pytest.raises(InvalidDataError, match="1 dimensions, not 2"):
        read_table(tmp_path / "t.npy")
    np.savez(tmp_path / "t.npz", X=np.zeros((3, 2)), y=np.zeros(4))
    with pytest.raises(InvalidDataError, match=r"'y' has shape \(4,\), and X has 3 rows"):
        read_table(tmp_path / "t.npz")
    with pytest.raises(UsageError, match="is not a file"):
        read_table(tmp_path / "none.csv")


def test_columns_are_taken_by_name_in_the_order_of_training(table: pd.DataFrame) -> None:
    schema = Schema.of(table, "label")
    shuffled = table[["label", "b", "a"]].assign(more="text")
    np.testing.assert_array_equal(schema.feature_values(shuffled), schema.feature_values(table))
    with pytest.raises(InvalidDataError, match="there is no column 'b'"):
        schema.feature_values(table.drop(columns="b"))
    with pytest.raises(InvalidDataError, match="there is no column 'target'"):
        Schema.of(table, "target")
    assert Schema.of(table, "label", drop=["a"]).features == ("b",)
    with pytest.raises(InvalidDataError, match="nothing to learn from"):
        Schema.of(table, "label", drop=["a", "b"])


def test_a_schema_survives_json(table: pd.DataFrame) -> None:
    schema = Schema.of(table, "label")
    assert Schema.from_dict(schema.as_dict()) == schema


def test_the_embedded_table_is_scikit_learns() -> None:
    table = embedded_table()
    assert table.shape == (569, 31)
    assert table[EMBEDDED_TARGET].value_counts().to_dict() == {"benign": 357, "malignant": 212}
