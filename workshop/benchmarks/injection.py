"""What an identity costs: seconds per step and peak memory, as ratios to the bare model, in one process.

    python -m workshop.benchmarks.injection                        # scaled widths on the CPU
    python -m workshop.benchmarks.injection --gpu --width 3072 --blocks 19 38 4 10 --pixels 1024 --dtype bfloat16
    python -m workshop.benchmarks.injection --official ../ComfyUI_InfiniteYou   # beside ByteDance's own pack

Random weights: speed does not depend on them. Ways take turns, round by round, so that a busy machine is busy for all;
each step is set against the bare model's steps of the same round. On a CPU one thread runs and the processor's seconds
count, which other programs disturb less than the clock on the wall.
"""

import argparse
import importlib.util
import statistics
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import torch
from harness import tiny_models
from harness.base_directory import make_base_directory
from harness.checkout import find_comfyui
from harness.in_process import InProcessComfyUI

STEPS = 3
MODES = ("one_pass", "separate", "cropped")


def main():
    options = parse()
    torch.set_grad_enabled(False)
    if not options.gpu:
        torch.set_num_threads(1)  # waiting threads would count as work
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(options, Path(folder))
        ways = bench.ways()
        for way in ways.values():  # encodes pictures, fills caches
            bench.steps(*way)
        seconds = {name: [] for name in ways}
        for number in range(options.rounds):
            print(f"round {number + 1} of {options.rounds}", file=sys.stderr, flush=True)
            for name, way in ways.items():
                seconds[name].append(bench.steps(*way))
        table(options, seconds, {name: peak_bytes(partial(bench.steps, *way)) for name, way in ways.items()})


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--official", type=Path, help="a checkout of ByteDance's ComfyUI_InfiniteYou")
    parser.add_argument("--gpu", action="store_true", help="the device that ComfyUI finds, instead of the CPU")
    parser.add_argument("--width", type=int, default=384, help="hidden size, a multiple of 128")
    parser.add_argument("--blocks", type=int, nargs=4, default=(10, 20, 2, 5), help="double, single; InfuseNet's")
    parser.add_argument("--pixels", type=int, default=512, help="side of the picture")
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), default="float32")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--people", type=int, nargs="+", default=(1, 2, 4))
    return parser.parse_args()


class Bench:
    """ComfyUI with a base and an InfuseNet of the wanted sizes."""

    def __init__(self, options, folder: Path):
        checkout = find_comfyui()
        if checkout is None:
            sys.exit("No ComfyUI was found; set COMFYUI_PATH.")
        self.options = options
        base = make_base_directory(folder)
        self.write_models(base)
        sys.path.insert(0, str(checkout))
        self.comfyui = InProcessComfyUI.start(checkout, base, () if options.gpu else ("--cpu",))
        call, names = self.comfyui.call, self.comfyui.names
        self.call = call
        self.model = call("UNETLoader", unet_name=names.flux, weight_dtype="default")[0]
        self.vae = call("VAELoader", vae_name=names.vae)[0]
        self.infusenet = call("LoadInfuseNet", infusenet=names.infusenet, projector="auto")[0]
        self.positive = call("TestConditioning", seed=1)[0]
        self.network_file = base.path / "models" / "infinite_you" / names.infusenet

    def write_models(self, base) -> None:
        tiny_models.HIDDEN = self.options.width
        dtype = getattr(torch, self.options.dtype)
        double, single, net_double, net_single = self.options.blocks
        models = base.path / "models"
        for path, weights in (
            (models / "diffusion_models" / base.names.flux, tiny_models.flux((double, single))),
            (models / "infinite_you" / base.names.infusenet, tiny_models.flux_controlnet((net_double, net_single))),
        ):
            tiny_models.save({name: value.to(dtype) for name, value in weights.items()}, path)

    def ways(self) -> dict:
        """Name -> (MODEL, CONDITIONING)."""
        ways = {"bare": (self.model, self.positive)}
        for people in self.options.people:
            for mode in MODES[: 1 if people == 1 else None]:
                name = f"ours, {people}" + ("" if people == 1 else f" {mode}")
                ways[name] = (self.apply(people, mode), self.positive)
        if self.options.official:
            official = Official(self)
            for people in self.options.people:
                ways[f"official, {people}"] = (self.model, official.apply(people))
        else:
            print("Without --official ByteDance's pack is not measured.", file=sys.stderr)
        return ways

    def masks(self, people: int) -> list[torch.Tensor]:
        """Stripes side by side; none for one person."""
        columns = torch.arange(self.options.pixels) * people // self.options.pixels
        return [(columns == person).float().expand(1, self.options.pixels, -1).clone() for person in range(people)]

    def apply(self, people: int, mode: str):
        identity = self.call("TestIdentity", seed=0)[0]
        if people > 1:
            chain = {}
            for person, mask in enumerate(self.masks(people)):
                who = self.call("TestIdentity", seed=person)[0]
                chain = {"regions": self.call("InfuIdentityRegion", identity=who, mask=mask, feather=0.0, **chain)[0]}
            identity = chain["regions"]
        given = {"infusenet": self.infusenet, "identity": identity, "vae": self.vae, "region_mode": mode}
        return self.call("ApplyInfuseNet", model=self.model, **given)[0]

    def steps(self, model, positive) -> float:
        """Seconds per step, the first one left out."""
        import comfy.sample

        side = self.options.pixels // 8
        latent = torch.zeros(1, 16, side, side)
        noise = torch.randn(latent.shape, generator=torch.Generator().manual_seed(0))
        ticks = []
        with torch.inference_mode():
            comfy.sample.sample(
                model, noise, STEPS, 1.0, "euler", "simple", positive, positive, latent, seed=0, disable_pbar=True,
                callback=lambda *step: ticks.append(now()),
            )  # fmt: skip
        return (ticks[-1] - ticks[0]) / (len(ticks) - 1)


class Official:
    """ByteDance's InfuseNet as its Apply node sets it up: a chain of passes over the whole picture, one per person."""

    def __init__(self, bench: Bench):
        spec = importlib.util.spec_from_file_location("official_infuse_net", bench.options.official / "infuse_net.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        self.bench = bench
        self.net = module.load_infuse_net_flux(str(bench.network_file))
        self.net.control_model.main_model_double, self.net.control_model.main_model_single = bench.options.blocks[:2]

    def apply(self, people: int) -> list:
        pixels = self.bench.options.pixels
        previous = None
        for mask in self.bench.masks(people):
            net = self.net.copy().set_cond_hint(torch.zeros(1, 3, pixels, pixels), 1.0, (0.0, 1.0), vae=self.bench.vae)
            net.id_embedding = torch.randn(1, tiny_models.TOKENS, tiny_models.CONTEXT)
            net.set_previous_controlnet(previous)
            net.set_extra_arg("control_mask", mask if people > 1 else None)
            previous = net
        context, options = self.bench.positive[0]
        return [[context, {**options, "control": previous, "control_apply_to_uncond": False}]]


def now() -> float:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
        return time.perf_counter()
    return time.process_time()


def peak_bytes(run) -> int:
    """The most memory that a sampling held above what was there before: on a GPU its own, else the tensors'."""
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        run()
        return torch.cuda.max_memory_allocated() - before
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profile:
        run()
    level = peak = 0
    for event in sorted(profile.profiler.kineto_results.events(), key=lambda event: event.start_ns()):
        if event.name() == "[memory]":
            level += event.nbytes()
            peak = max(peak, level)
    return peak


def table(options, seconds: dict[str, list[float]], peaks: dict[str, int]) -> None:
    device = torch.cuda.get_device_name() if options.gpu and torch.cuda.is_available() else "CPU, processor seconds"
    blocks = "{}+{} blocks of the base, {}+{} of InfuseNet".format(*options.blocks)
    print(f"width {options.width}, {blocks}, {options.pixels} x {options.pixels}, {options.dtype}, {device}")
    print(f"{options.rounds} rounds of {STEPS - 1} timed steps; ratio to the bare step of the same round\n")
    print("| way | seconds per step | ratio, median | lowest to highest | peak memory, MB |")
    print("| --- | --- | --- | --- | --- |")
    for name, runs in seconds.items():
        ratios = [mine / bare for mine, bare in zip(runs, seconds["bare"], strict=True)]
        median, spread = statistics.median(ratios), f"{min(ratios):.3f} to {max(ratios):.3f}"
        print(f"| {name} | {statistics.median(runs):.3f} | {median:.3f} | {spread} | {peaks[name] / 1e6:.0f} |")
    if "ours, 1" in seconds and "ours, 4 one_pass" in seconds:
        steps = [four / one for one, four in zip(seconds["ours, 1"], seconds["ours, 4 one_pass"], strict=True)]
        print(f"\nfour people in one pass against one: {statistics.median(steps):.3f} x the whole step (median)")


if __name__ == "__main__":
    main()
