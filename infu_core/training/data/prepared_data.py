"""Samples whose latents, text and identity were computed beforehand: safetensors shards, one shape in each.

A shard's tensors, n rows: `latents` and `control` [n, 16, h, w], `context` [n, T, C], `pooled` [n, P],
`vectors` [n, 512]; and for an identity loss `points` [n, 5, 2], the face's key points in pixels, and `wanted` [n, 512],
its own vector, where `vectors` may be another photo's. `index.json` lists the shards; `black-HxW.safetensors` holds
the latents of a black picture. A folder may hold several such folders, the parts of one preparation.
"""

import json
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from ..flow_matching import draw

COLUMNS = ("latents", "control", "context", "pooled", "vectors")
FACE_COLUMNS = ("points", "wanted")
INDEX = "index.json"


class PreparedWriter:
    """Collects rows by shape and writes a shard whenever one is full."""

    def __init__(self, folder: Path, rows_per_shard: int = 256):
        self.folder, self.rows_per_shard = folder, rows_per_shard
        folder.mkdir(parents=True, exist_ok=True)
        self.waiting: dict[tuple[int, int], list[dict[str, Tensor]]] = defaultdict(list)
        self.index: list[dict] = []

    def add(self, row: dict[str, Tensor]) -> None:
        """One sample: a tensor for each of COLUMNS and FACE_COLUMNS, without the leading n."""
        height, width = row["latents"].shape[-2:]
        waiting = self.waiting[height, width]
        waiting.append(row)
        if len(waiting) == self.rows_per_shard:
            self._write(height, width)

    def add_black(self, height: int, width: int, encode: Callable[[], Tensor]) -> None:
        """The latents [16, height, width] of a black picture, once per shape; `encode` makes them."""
        path = self.folder / f"black-{height}x{width}.safetensors"
        if not path.exists():
            save_file({"latents": encode().to(torch.bfloat16).contiguous()}, path)

    def close(self) -> None:
        for height, width in list(self.waiting):
            if self.waiting[height, width]:
                self._write(height, width)
        (self.folder / INDEX).write_text(json.dumps(self.index, indent=1))

    def _write(self, height: int, width: int) -> None:
        rows = self.waiting.pop((height, width))
        name = f"{len(self.index):06d}-{height}x{width}.safetensors"
        columns = {column: torch.stack([row[column] for row in rows]) for column in (*COLUMNS, *FACE_COLUMNS)}
        save_file(columns, self.folder / name)
        self.index.append({"file": name, "rows": len(rows), "height": height, "width": width})


class PreparedBatches:
    """Batches for `IdentityObjective`, a function of step, rank and world alone.

    An epoch goes through every shape in an order of its own; rows that do not fill a batch wait for another epoch.
    `pose_share`: how many of the control pictures show the pose; the others are black. `faces`: give FACE_COLUMNS too.
    """

    def __init__(self, folder: Path, batch_size: int, seed: int = 0, pose_share: float = 0.5, faces: bool = False):
        self.folder, self.batch_size, self.seed, self.pose_share = folder, batch_size, seed, pose_share
        self.columns = (*COLUMNS, *FACE_COLUMNS) if faces else COLUMNS
        indexes = sorted(folder.rglob(INDEX))
        if not indexes:
            raise ValueError(f"{folder} has no {INDEX}; prepare the samples first (see docs/training.md).")
        self.rows: dict[tuple[int, int], list[tuple[Path, int]]] = defaultdict(list)
        self._black: dict[tuple[int, int], Tensor] = {}
        for index in indexes:
            for shard in json.loads(index.read_text()):
                shape = shard["height"], shard["width"]
                self.rows[shape].extend((index.parent / shard["file"], row) for row in range(shard["rows"]))
                if shape not in self._black:
                    black = load_file(index.parent / f"black-{shape[0]}x{shape[1]}.safetensors")
                    self._black[shape] = black["latents"]
        self.per_epoch = sum(len(rows) // batch_size for rows in self.rows.values())
        if not self.per_epoch:
            counts = {f"{height}x{width}": len(rows) for (height, width), rows in self.rows.items()}
            raise ValueError(
                f"No shape has enough samples for a batch of {batch_size}: {counts}; take a smaller batch_size, "
                "fewer shapes or more samples."
            )
        self._plan: tuple[int, list[list[tuple[Path, int]]]] = (-1, [])

    def epoch_plan(self, epoch: int) -> list[list[tuple[Path, int]]]:
        """The batches of this epoch in order, each a list of (shard, row)."""
        if self._plan[0] != epoch:
            generator = torch.Generator().manual_seed(self.seed * 1_000_003 + epoch)
            found = []
            for shape in sorted(self.rows):
                rows = self.rows[shape]
                order = torch.randperm(len(rows), generator=generator).tolist()
                whole = len(rows) // self.batch_size * self.batch_size
                found += [
                    [rows[i] for i in order[start : start + self.batch_size]]
                    for start in range(0, whole, self.batch_size)
                ]
            order = torch.randperm(len(found), generator=generator).tolist()
            self._plan = (epoch, [found[i] for i in order])
        return self._plan[1]

    def by_shape(self, most: int) -> list[dict[str, Tensor]]:
        """The first `most` samples, each with a black control picture, in one batch per shape: for sample sheets."""
        chosen = [(shape, place) for shape in sorted(self.rows) for place in self.rows[shape]][:most]
        batches = []
        for shape in dict.fromkeys(shape for shape, _ in chosen):
            batch = self._read([place for own, place in chosen if own == shape])
            batch["control"] = self._black[shape].to(batch["control"]).expand_as(batch["control"])
            batches.append(batch)
        return batches

    def __call__(self, step: int, rank: int, world: int) -> dict[str, Tensor]:
        epoch, place = divmod(step, self.per_epoch)
        share = self.batch_size // world
        positions = range(rank * share, (rank + 1) * share)
        batch = self._read([self.epoch_plan(epoch)[place][position] for position in positions])
        draws = draw(self.seed, step, positions, tuple(batch["latents"].shape[1:]))
        chance = draw(self.seed + 1, step, positions, ()).time
        posed = (
            torch.special.ndtr(torch.logit(chance)) < self.pose_share
        )  # evenly spread, as logit-normal times are not
        height, width = batch["latents"].shape[-2:]
        black = self._black[height, width].to(batch["control"])
        batch["control"] = torch.where(posed[:, None, None, None], batch["control"], black)
        return {**batch, "noise": draws.noise, "time": draws.time}

    def _read(self, places: list[tuple[Path, int]]) -> dict[str, Tensor]:
        rows: list[dict[str, Tensor]] = [{}] * len(places)
        by_file = defaultdict(list)
        for position, (file, row) in enumerate(places):
            by_file[file].append((position, row))
        for file, wanted in by_file.items():
            with safe_open(file, framework="pt") as shard:
                missing = set(self.columns) - set(shard.keys())
                if missing:
                    raise ValueError(
                        f"{file} was prepared without {', '.join(sorted(missing))}, which an identity loss needs; "
                        "prepare the samples again."
                    )
                slices = {column: shard.get_slice(column) for column in self.columns}
                for position, row in wanted:
                    rows[position] = {column: slices[column][row : row + 1][0] for column in self.columns}
        return {column: torch.stack([row[column] for row in rows]) for column in self.columns}
