import pytest

from infu_core.injection.block_weights import parse_block_weights


@pytest.mark.parametrize(
    ("text", "double", "single"),
    [
        ("", None, None),
        ("1; 1", None, None),
        ("1, 1; 1 1 1", None, None),
        ("0.5", (0.5, 0.5), None),
        ("; 0", None, (0.0, 0.0, 0.0)),
        ("1, 0.5; 2, 1, 0", (1.0, 0.5), (2.0, 1.0, 0.0)),
    ],
)
def test_reads_what_people_type(text, double, single):
    assert parse_block_weights(text, 2, 3) == (double, single)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("1, 1, 1", "3 double weights; this InfuseNet has 2"),
        ("1; 1, 1", "2 single weights; this InfuseNet has 3"),
        ("1; 1; 1", "has 3 parts"),
        ("one", "should hold numbers"),
        ("nan", "is no number"),
    ],
)
def test_says_what_is_wrong(text, sentence):
    with pytest.raises(ValueError, match=sentence):
        parse_block_weights(text, 2, 3)
