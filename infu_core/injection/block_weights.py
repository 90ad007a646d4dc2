"""Block weights, as a person types them: '1, 1, 0.5, 0.5; 1'."""

from ..typed_numbers import quoted, read_numbers


def parse_block_weights(
    text: str, double_blocks: int, single_blocks: int
) -> tuple[tuple[float, ...] | None, tuple[float, ...] | None]:
    """Weights for InfuseNet's double and single blocks, None where all are 1.

    Before the semicolon stand the double blocks', after it the single blocks'; one number stands for every block.
    Raises ValueError, with the counts, where a list has another length.
    """
    halves = text.split(";")
    if len(halves) > 2:
        raise ValueError(f"block_weights has {len(halves)} parts; write double blocks, one semicolon, single blocks.")
    double, single = (*halves, "")[:2]
    return parse_half(double, "double", double_blocks), parse_half(single, "single", single_blocks)


def check_block_weights(text: str) -> None:
    """What can be said before the network is known. Raises ValueError."""
    for half in text.split(";"):
        read_numbers(half, "block_weights", "1, 1, 0.5, 0.5; 1", {1})


def parse_half(text: str, kind: str, blocks: int) -> tuple[float, ...] | None:
    weights = read_numbers(text, "block_weights", "1, 1, 0.5, 0.5; 1", {1, blocks})
    if any(weight < 0 for weight in weights):
        raise ValueError(f"block_weights run from 0 upwards; '{quoted(text.strip())}' holds {min(weights):g}.")
    if len(weights) == 1:
        weights *= blocks
    if weights and len(weights) != blocks:
        raise ValueError(f"block_weights has {len(weights)} {kind} weights; this InfuseNet has {blocks} {kind} blocks.")
    return tuple(weights) if any(weight != 1 for weight in weights) else None
