"""Faces that a test can draw, a detector file that finds exactly those, and recognisers without weights.

A drawn face carries its own coordinates: inside its inner square red is full, green runs from left to
right and blue from top to bottom. The detector is a real ONNX file with SCRFD's contract (nine outputs,
strides 8, 16, 32, two anchors); it fits a plane to green and blue and so knows where every key point lies,
at any scale and turn. The frame around the inner square has the colours that make a person.
"""

import numpy as np
import torch
from torch import nn

TARGET = np.array([[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]])
"""ArcFace's five points in its 112 x 112 crop; a drawn face is laid out in that crop."""
INNER = (28.0, 42.0, 56.0)  # left, top, side of the inner square, in the crop
FRAME = (8.0, 22.0, 96.0)  # the whole face
LOW, HIGH = 25 / 255, 230 / 255
"""Green and blue at the start and the end of the inner square."""
WINDOW = 17


def face_texture(person: int, scale: int = 4) -> tuple[np.ndarray, float]:
    """The face of a person in crop coordinates of its frame, uint8 RGB, and pixels per crop pixel."""
    side = round(FRAME[2] * scale)
    blocks = np.random.default_rng(person).integers(0, 200, (6, 6, 3)).astype(np.uint8)
    texture = np.kron(blocks, np.ones((side // 6, side // 6, 1), dtype=np.uint8))
    left, top, inner = (round(value * scale) for value in (INNER[0] - FRAME[0], INNER[1] - FRAME[1], INNER[2]))
    ramp = (LOW + (HIGH - LOW) * (np.arange(inner) + 0.5) / inner) * 255
    texture[top : top + inner, left : left + inner] = np.stack(
        np.broadcast_arrays(255.0, ramp[None, :], ramp[:, None]), axis=-1
    ).round()
    return texture, float(scale)


def draw_face(
    picture: np.ndarray, centre: tuple[float, float], width: float, person: int = 0, degrees: float = 0.0
) -> np.ndarray:
    """Draw a person's face of this width (pixels) into a uint8 RGB picture; returns its key points [5, 2]."""
    import cv2

    texture, scale = face_texture(person)
    per_crop_pixel = width / FRAME[2]
    angle = np.deg2rad(degrees)
    turn = per_crop_pixel * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = np.array([FRAME[0] + FRAME[2] / 2, FRAME[1] + FRAME[2] / 2])
    shift = np.array(centre) - turn @ middle
    # texture pixel t has its centre at crop position FRAME + (t + 0.5) / scale
    from_texture = np.hstack([turn / scale, (turn @ (np.array(FRAME[:2]) + 0.5 / scale) + shift)[:, None]])
    shrunk = cv2.INTER_AREA if per_crop_pixel < scale / 2 else cv2.INTER_LINEAR
    if per_crop_pixel < scale / 2:
        factor = max(int(scale / per_crop_pixel / 2), 1)
        small = cv2.resize(texture, None, fx=1 / factor, fy=1 / factor, interpolation=shrunk)
        grow = np.array([[factor, 0, (factor - 1) / 2], [0, factor, (factor - 1) / 2], [0, 0, 1]])
        texture, from_texture = small, from_texture @ grow
    size = (picture.shape[1], picture.shape[0])
    drawn = cv2.warpAffine(texture, from_texture, size, flags=cv2.INTER_LINEAR)
    where = cv2.warpAffine(np.full(texture.shape[:2], 255, np.uint8), from_texture, size, flags=cv2.INTER_NEAREST)
    picture[where > 0] = drawn[where > 0]
    return TARGET @ turn.T + shift


def grey_picture(height: int, width: int) -> np.ndarray:
    """An empty picture: uint8 RGB of one mid grey."""
    return np.full((height, width, 3), 90, dtype=np.uint8)


def as_image(*pictures: np.ndarray) -> torch.Tensor:
    """Pictures as ComfyUI hands them to nodes: [B, H, W, 3] floats in 0..1."""
    return torch.from_numpy(np.stack(pictures)).float() / 255


def write_detector(path, largest: float = 200.0, upright: bool = True) -> str:
    """Write the detector; it misses faces whose inner square is wider than `largest` pixels in its view,
    and, with `upright`, faces turned by more than 45 degrees, as real ones do."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    nodes, constants = [], []

    def constant(value, dtype=np.float32):
        name = f"c{len(constants)}"
        constants.append(numpy_helper.from_array(np.asarray(value, dtype=dtype), name))
        return name

    def op(kind, *inputs, **attributes):
        name = f"t{len(nodes)}"
        nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    reach = np.arange(WINDOW) - WINDOW // 2
    flat = np.full((WINDOW, WINDOW), 1 / WINDOW**2)
    slope_x = np.broadcast_to(reach, (WINDOW, WINDOW)) / (WINDOW * (reach**2).sum())
    # mean R, G, B, then slopes of G and B along x and y; pixel = input * 128 / 255 + 0.5
    kernel = np.zeros((7, 3, WINDOW, WINDOW))
    for channel in range(3):
        kernel[channel, channel] = flat
    kernel[3, 1], kernel[4, 1], kernel[5, 2], kernel[6, 2] = slope_x, slope_x.T, slope_x, slope_x.T
    bias = np.array([0.5] * 3 + [0.0] * 4)
    outputs: dict[str, list[str]] = {"score": [], "bbox": [], "kps": []}
    for stride in (8, 16, 32):
        planes = op(
            "Conv",
            "input.1",
            constant(kernel * 128 / 255),
            constant(bias),
            strides=[stride] * 2,
            pads=[WINDOW // 2] * 4,
        )
        # The window of the last row may hang over; SCRFD has exactly H / stride rows.
        rows = op("Reshape", op("Transpose", planes, perm=[0, 2, 3, 1]), constant([-1, 7], np.int64))
        red, green, blue, gx, gy, bx, by = (
            op("Gather", rows, constant([channel], np.int64), axis=1) for channel in range(7)
        )
        span = constant(HIGH - LOW)
        u = op("Div", op("Sub", green, constant(LOW)), span)
        v = op("Div", op("Sub", blue, constant(LOW)), span)
        gx, gy, bx, by = (op("Div", slope, span) for slope in (gx, gy, bx, by))
        determinant = op("Sub", op("Mul", gx, by), op("Mul", gy, bx))
        safe = op("Max", determinant, constant(1e-9))

        def offset(point, red=red, u=u, v=v, gx=gx, gy=gy, bx=bx, by=by, safe=safe, stride=stride):
            """From a cell to a point given in crop coordinates, in units of the stride: (dx, dy)."""
            du = op("Sub", constant((point[0] - INNER[0]) / INNER[2]), u)
            dv = op("Sub", constant((point[1] - INNER[1]) / INNER[2]), v)
            dx = op("Div", op("Sub", op("Mul", by, du), op("Mul", gy, dv)), safe)
            dy = op("Div", op("Sub", op("Mul", gx, dv), op("Mul", bx, du)), safe)
            return op("Div", dx, constant(stride)), op("Div", dy, constant(stride))

        steep = op("Sub", op("Sqrt", safe), constant(1 / largest))
        score = op("Mul", op("Sigmoid", op("Mul", op("Sub", red, constant(0.997)), constant(4000.0))),
                   op("Sigmoid", op("Mul", steep, constant(1e5))))  # fmt: skip
        if upright:
            upright_by = op("Sub", gx, op("Abs", gy))
            score = op("Mul", score, op("Sigmoid", op("Mul", upright_by, constant(1e5))))
        near = (FRAME[0], FRAME[1])
        far = (FRAME[0] + FRAME[2], FRAME[1] + FRAME[2])
        corners = [offset(corner) for corner in (near, far, (near[0], far[1]), (far[0], near[1]))]
        xs, ys = [corner[0] for corner in corners], [corner[1] for corner in corners]
        left, top = op("Neg", op("Min", *xs)), op("Neg", op("Min", *ys))
        box = op("Concat", left, top, op("Max", *xs), op("Max", *ys), axis=1)
        points = op("Concat", *(value for point in TARGET for value in offset(point)), axis=1)
        for kind, value, width in (("score", score, 1), ("bbox", box, 4), ("kps", points, 10)):
            # two anchors per cell; only the first ever scores
            anchors = constant([[[1.0], [0.0]]] if kind == "score" else [[[1.0], [1.0]]])
            pair = op("Mul", op("Unsqueeze", value, constant([1], np.int64)), anchors)
            name = f"{kind}_{stride}"
            nodes.append(helper.make_node("Reshape", [pair, constant([-1, width], np.int64)], [name]))
            outputs[kind].append(name)
    widths = {"score": 1, "bbox": 4, "kps": 10}
    values = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [f"n_{name}", widths[kind]])
        for kind, names in outputs.items()
        for name in names
    ]
    picture = helper.make_tensor_value_info("input.1", TensorProto.FLOAT, [1, 3, "height", "width"])
    graph = helper.make_graph(nodes, "drawn_faces", [picture], values, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, str(path))
    return str(path)


class FrameRecogniser(nn.Module):
    """[n, 3, 112, 112] BGR in -1..1 -> [n, 512] of length one: a fixed projection of the frame's colours."""

    def __init__(self):
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.register_buffer("projection", torch.randn(3 * 16 * 16, 512, generator=generator))
        keep = torch.ones(16, 16)
        keep[6:14, 4:12] = 0  # the inner square is the same on everyone
        self.register_buffer("keep", keep)

    def forward(self, pixels):
        pooled = nn.functional.avg_pool2d(pixels, 7) - (100 / 127.5 - 1)
        vectors = (pooled * self.keep).flatten(1) @ self.projection
        return nn.functional.normalize(vectors, dim=1)


def write_arcface(path, seed: int = 0) -> str:
    """Write a state dict of ArcFace IR-SE50 with random weights (half precision, 88 MB), as .pth or .safetensors."""
    from facexlib.recognition.arcface_arch import Backbone

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        state = Backbone(num_layers=50, drop_ratio=0.6, mode="ir_se").state_dict()
    state = {key: value.half() if value.is_floating_point() else value for key, value in state.items()}
    if str(path).endswith(".safetensors"):
        from safetensors.torch import save_file

        save_file(state, str(path))
    else:
        torch.save(state, str(path))
    return str(path)
