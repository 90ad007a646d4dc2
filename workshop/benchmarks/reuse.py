"""Residual reuse: what it saves, and how wrong its forecasts are, in one process.

    python -m workshop.benchmarks.reuse                            # scaled widths, random weights, on the CPU
    python -m workshop.benchmarks.reuse --miniature                # the pack's small trained models instead
    python -m workshop.benchmarks.reuse --official ../ComfyUI_InfiniteYou --gpu \\
        --width 3072 --blocks 19 38 4 10 --pixels 1024 --dtype bfloat16    # FLUX.1-dev and InfuseNet at true size

Errors: one exact run is recorded; each plan is then played over it with three forecasts (the last value held, the line
through the last two, and ours), and compared block by block: ||forecast - exact|| / ||exact||, 0 where a step is
computed. Speed: whole samplings take turns, round by round, each set against the bare model's of the same round.
Speed does not depend on weights; errors do, and those of random weights say nothing about the published network.
"""

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

import torch

from .injection import Bench, Official, now
from .line_plot import draw_lines

MODES = ("exact", "balanced", "fast")
FORECASTS = ("hold", "line", "ours")


def main():
    options = parse()
    options.output.mkdir(parents=True, exist_ok=True)
    torch.set_grad_enabled(False)
    with tempfile.TemporaryDirectory() as folder:
        bench = ReuseBench(options, Path(folder))
        print(bench.describe(), end="\n\n")
        errors(bench)
        pictures(bench)
        if options.rounds:
            speed(bench)


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--official", type=Path, help="a checkout of ByteDance's ComfyUI_InfiniteYou")
    parser.add_argument("--miniature", action="store_true", help="the pack's small trained models")
    parser.add_argument("--gpu", action="store_true", help="the device that ComfyUI finds, instead of the CPU")
    parser.add_argument("--width", type=int, default=384, help="hidden size, a multiple of 128")
    parser.add_argument("--blocks", type=int, nargs=4, default=(10, 20, 2, 5), help="double, single; InfuseNet's")
    parser.add_argument("--pixels", type=int, default=256, help="side of the picture")
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), default="float32")
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--sampler", default="euler", help="for the errors: any of ComfyUI's")
    parser.add_argument("--rounds", type=int, default=3, help="of the speed test; 0 leaves it out")
    parser.add_argument("--output", type=Path, default=Path("build/reuse"), help="where the plots go")
    return parser.parse_args()


class ReuseBench(Bench):
    """A base, one person, and InfuSampler."""

    def __init__(self, options, folder: Path):
        super().__init__(options, folder)
        if options.miniature:
            self.model, self.vae, self.infusenet, _ = self.call("InfuLoadMiniature")
            self.positive = self.call("InfuMiniaturePrompt")[0]
        self.person = self.apply(1, "one_pass")

    def describe(self) -> str:
        if self.options.miniature:
            return f"the miniature, {self.options.steps} steps of {self.options.sampler}"
        blocks = "{}+{} base, {}+{} InfuseNet".format(*self.options.blocks)
        return (
            f"random weights, width {self.options.width}, {blocks}, {self.options.pixels} pixels, "
            f"{self.options.dtype}, {self.options.steps} steps of {self.options.sampler}"
        )

    def sample(self, model, positive=None, sampler="euler", **dials) -> torch.Tensor:
        side = self.options.pixels // 8
        positive = positive or self.positive
        return self.call(
            "InfuSampler", model=model, positive=positive, negative=positive,
            latent_image={"samples": torch.zeros(1, 16, side, side)}, seed=0, steps=self.options.steps, cfg=1.0,
            sampler_name=sampler, scheduler="simple", denoise=1.0, **dials,
        )[0]["samples"]  # fmt: skip

    def recorded(self) -> list[tuple[float, object]]:
        """(sigma, residuals) of every evaluation of an exact run."""
        run = self.comfyui.module("infu_core.injection.injector").InjectionRun
        compute, seen = run.compute, []

        def recording(self, network, step, prepared):
            residuals = compute(self, network, step, prepared)
            seen.append((step.step, step.time, residuals.map(lambda block: block.detach().float().cpu())))
            return residuals

        run.compute = recording
        try:
            self.sample(self.person, sampler=self.options.sampler)
        finally:
            run.compute = compute
        return seen


def replayed(bench: ReuseBench, seen, mode: str, forecast: str) -> tuple[list[list[float]], int]:
    """Per evaluation, per block: the relative error; and how many were computed."""
    plans = bench.comfyui.module("infu_core.injection.reuse_plan").REUSE_PLANS
    cache = bench.comfyui.module("infu_core.injection.residual_cache").ResidualCache(plans[mode], bench.options.steps)
    list_of = bench.comfyui.module("infu_core.injection.residual_forecast").list_of
    rows, computed = [], 0
    for step, time, exact in seen:
        made = cache.forecast("picture", step, time)
        if made is None:
            cache.remember("picture", step, time, exact)
            if forecast != "ours":
                share = 0.0 if forecast == "hold" else 1.0
                cache.tracks["picture"].forecast.trust = [torch.full((1, 1, 1), share)] * len(list_of(exact))
            computed += 1
            rows.append([0.0] * len(list_of(exact)))
            continue
        pairs = zip(list_of(made), list_of(exact), strict=True)
        rows.append([float((ours - true).norm() / true.norm()) for ours, true in pairs])
    return rows, computed


def errors(bench: ReuseBench) -> None:
    seen = bench.recorded()
    double = len(seen[0][2].double)
    names = [f"double {n}" for n in range(double)] + [f"single {n}" for n in range(len(seen[0][2].single))]
    print("| plan | forecast | computed | mean error | worst | " + " | ".join(names) + " |")
    print("| --- " * (5 + len(names)) + "|")
    for mode in MODES[1:]:
        lines = {}
        for forecast in FORECASTS:
            rows, computed = replayed(bench, seen, mode, forecast)
            lines[forecast] = [statistics.mean(row) for row in rows]
            blocks = " | ".join(f"{statistics.mean(column):.4f}" for column in zip(*rows, strict=True))
            mean, worst = statistics.mean(lines[forecast]), max(lines[forecast])
            print(f"| {mode} | {forecast} | {computed} of {len(rows)} | {mean:.4f} | {worst:.4f} | {blocks} |")
        path = bench.options.output / f"residual_error_{mode}.png"
        draw_lines(path, f"{mode}: relative error of forecast residuals; {bench.describe()}", lines, "evaluation")
    changes = [
        float((after.double[0] - before.double[0]).norm() / after.double[0].norm())
        for (_, _, before), (_, _, after) in zip(seen, seen[1:], strict=False)
    ] if double else []  # fmt: skip
    if changes:
        print(f"\nfrom one evaluation to the next the first residual changes by {statistics.mean(changes):.4f} (mean)")
    print(f"plots: {bench.options.output}\n")


def pictures(bench: ReuseBench) -> None:
    """How far the final latents lie from the exact run's, as a share of what the identity changes."""
    exact = bench.sample(bench.person, sampler=bench.options.sampler)
    effect = (exact - bench.sample(bench.model, sampler=bench.options.sampler)).norm()
    for mode in MODES[1:]:
        made = bench.sample(bench.person, sampler=bench.options.sampler, reuse=mode)
        difference = (made - exact).norm()
        print(
            f"{mode}: final latent differs from exact by {float(difference / exact.norm()):.4f} of its norm, "
            f"{float(difference / effect):.4f} of what the identity changes"
        )


def speed(bench: ReuseBench) -> None:
    ways = {"bare": (bench.model, None, {})}
    ways |= {mode: (bench.person, None, {"reuse": mode}) for mode in MODES}
    if bench.options.official:
        ways["official pack"] = (bench.model, Official(bench).apply(1), {})
    else:
        print("Without --official ByteDance's pack is not measured.", file=sys.stderr)
    seconds = {name: [] for name in ways}
    for round_number in range(bench.options.rounds + 1):
        for name, (model, positive, dials) in ways.items():
            began = now()
            bench.sample(model, positive, **dials)
            if round_number:  # the first round warms up
                seconds[name].append((now() - began) / bench.options.steps)
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU, processor seconds"
    print(f"\n{device}; {bench.options.rounds} rounds; medians, and the ratio to the bare sampling of the same round\n")
    print("| way | seconds per step | ratio | lowest to highest |\n| --- | --- | --- | --- |")
    for name, measured in seconds.items():
        ratios = [mine / bare for mine, bare in zip(measured, seconds["bare"], strict=True)]
        print(
            f"| {name} | {statistics.median(measured):.4f} | {statistics.median(ratios):.3f} | "
            f"{min(ratios):.3f} to {max(ratios):.3f} |"
        )


if __name__ == "__main__":
    main()
