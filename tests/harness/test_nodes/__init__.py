"""Nodes for tests only, copied into the custom_nodes folder of a test's base directory; never part of the pack."""

import torch
from comfy_api.latest import ComfyExtension, io

CAPTURED = {}
"""What `TestCapture` last saw, by key; for tests that run graphs in their own process."""


class TestConditioning(io.ComfyNode):
    """No text encoder is small enough to load through stock nodes: conditioning by a seed instead."""

    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="TestConditioning",
            display_name="Test conditioning",
            category="test",
            inputs=[
                io.Int.Input("seed", default=0, min=0, max=2**32),
                io.Float.Input("guidance", default=3.5, min=-1.0, max=100.0, tooltip="Below zero: none is set."),
                io.Int.Input("tokens", default=12, min=1, max=512),
                io.Int.Input("context", default=64, min=1, max=4096),
                io.Int.Input("pooled", default=32, min=1, max=4096),
            ],
            outputs=[io.Conditioning.Output()],
        )

    @classmethod
    def execute(cls, seed, guidance, tokens, context, pooled) -> io.NodeOutput:
        generator = torch.Generator().manual_seed(seed)
        options = {"pooled_output": torch.randn(1, pooled, generator=generator)}
        if guidance >= 0:
            options["guidance"] = guidance
        return io.NodeOutput([[torch.randn(1, tokens, context, generator=generator), options]])


class TestIdentity(io.ComfyNode):
    """A stranger by a seed, where a test is not about faces. The class of the pack's value is found when it runs."""

    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="TestIdentity",
            display_name="Test identity",
            category="test",
            inputs=[io.Int.Input("seed", default=0, min=0, max=2**32)],
            outputs=[io.Custom("IDENTITY").Output()],
        )

    @classmethod
    def execute(cls, seed) -> io.NodeOutput:
        import sys

        module = next(m for n, m in sys.modules.items() if n.endswith(".infu_core.identity.identity"))
        vector = torch.randn(1, module.EMBEDDING_SIZE, generator=torch.Generator().manual_seed(seed))
        return io.NodeOutput(module.Identity(torch.nn.functional.normalize(vector, dim=1)))


class TestCapture(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="TestCapture",
            display_name="Test capture",
            category="test",
            is_output_node=True,
            not_idempotent=True,
            inputs=[io.String.Input("key"), io.AnyType.Input("value")],
            outputs=[],
        )

    @classmethod
    def fingerprint_inputs(cls, key, **kwargs):
        return float("nan")

    @classmethod
    def execute(cls, key, value) -> io.NodeOutput:
        CAPTURED[key] = value
        return io.NodeOutput()


class TestNodes(ComfyExtension):
    async def get_node_list(self):
        return [TestConditioning, TestIdentity, TestCapture]


async def comfy_entrypoint():
    return TestNodes()
