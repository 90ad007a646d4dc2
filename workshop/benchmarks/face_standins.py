"""Random-weight stand-ins of antelopev2's five models: same contracts, about the same size and work.

The detector finds drawn faces (tests/face_fixtures.py) and carries a convolution stack with the stage
widths of SCRFD-10G, so that its time and memory are real; its published file has 16.9 MB. The others are
convolution stacks of the published sizes: glintr100 261 MB, 1k3d68 144 MB, 2d106det 5 MB, genderage 1.3 MB.
"""

from pathlib import Path

from face_fixtures import write_detector


def write_antelopev2(folder: Path) -> None:
    """Write the five files into `folder` (about 420 MB)."""
    folder.mkdir(parents=True, exist_ok=True)
    write_heavy_detector(folder / "scrfd_10g_bnkps.onnx")
    write_glintr100(folder / "glintr100.onnx")
    write_landmarks(folder / "1k3d68.onnx", "resnet50", 192, 3309)
    write_landmarks(folder / "2d106det.onnx", "mobilenet_v2", 192, 212)
    write_landmarks(folder / "genderage.onnx", "mobilenet_v2", 96, 3)


def write_heavy_detector(path: Path) -> None:
    """The drawn-face detector with a backbone, necks and heads of SCRFD-10G's widths added to its scores, times 0."""
    import numpy as np
    import onnx
    from torch import nn

    def stage(inner, outer, count, stride):
        layers = [nn.Conv2d(inner, outer, 3, stride, 1), nn.ReLU()]
        for _ in range(count - 1):
            layers += [nn.Conv2d(outer, outer, 3, 1, 1), nn.ReLU()]
        return nn.Sequential(*layers)

    class Backbone(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem = nn.Sequential(stage(3, 28, 1, 2), stage(28, 56, 1, 1), nn.MaxPool2d(2))
            self.stages = nn.ModuleList([stage(56, 56, 6, 1), stage(56, 88, 8, 2), stage(88, 88, 4, 2)])
            self.last = stage(88, 224, 6, 2)
            self.head = nn.ModuleList([stage(width, 80, 4, 1) for width in (88, 88, 224)])

        def forward(self, pixels):
            x = self.stages[0](self.stem(pixels))
            c3 = self.stages[1](x)
            c4 = self.stages[2](c3)
            levels = (c3, c4, self.last(c4))
            return sum(head(level).mean() for head, level in zip(self.head, levels, strict=True)).reshape(1, 1)

    temporary = path.with_suffix(".part")
    export(Backbone(), (1, 3, 640, 640), temporary, dynamic=True)
    heavy, drawn = onnx.load(str(temporary)), onnx.load(write_detector(path))
    temporary.unlink()
    prefix = onnx.compose.add_prefix(heavy, "heavy_", rename_inputs=False)
    graph = drawn.graph
    graph.initializer.extend(prefix.graph.initializer)
    for node in prefix.graph.node:
        node.input[:] = ["input.1" if name == "input" else name for name in node.input]
    graph.initializer.append(onnx.numpy_helper.from_array(np.float32(0), "nothing"))
    graph.node.extend(prefix.graph.node)
    graph.node.append(onnx.helper.make_node("Mul", [prefix.graph.output[0].name, "nothing"], ["heavy_nothing"]))
    for output in graph.output:
        if output.name.startswith("score"):
            for node in graph.node:
                node.output[:] = [name + "_light" if name == output.name else name for name in node.output]
            graph.node.append(onnx.helper.make_node("Add", [output.name + "_light", "heavy_nothing"], [output.name]))
    # insightface reads the first eight nodes to guess the input's scale: ours have no names.
    onnx.save(drawn, str(path))


def write_glintr100(path: Path) -> None:
    from facexlib.recognition.arcface_arch import Backbone

    export(Backbone(100, 0.6, "ir"), (1, 3, 112, 112), path)


def write_landmarks(path: Path, name: str, size: int, outputs: int) -> None:
    import torchvision

    export(getattr(torchvision.models, name)(num_classes=outputs), (1, 3, size, size), path)


def export(module, shape: tuple, path: Path, dynamic: bool = False) -> None:
    import torch

    names = {"input_names": ["input"], "output_names": ["output"]}
    axes = {"input": {2: "height", 3: "width"}} if dynamic else None
    names["opset_version"] = 13
    torch.onnx.export(module.eval(), (torch.zeros(shape),), str(path), dynamo=False, dynamic_axes=axes, **names)
