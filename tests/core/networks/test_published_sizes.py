"""The published sizes: InfuseNet v1.0 has 314 tensors and 2,952,654,336 parameters, its projector 84,595,968."""

from infu_core.checkpoints.key_maps import modules
from infu_core.networks.identity_projector import IdentityProjector, IdentityProjectorConfig
from infu_core.networks.infusenet import InfuseNet, InfuseNetConfig

PUBLISHED = InfuseNetConfig(
    hidden_size=3072,
    heads=24,
    double_blocks=4,
    single_blocks=10,
    context_size=4096,
    pooled_size=768,
    guidance_embeds=True,
)


def parameters(module):
    return sum(weight.numel() for weight in module.parameters())


def test_infusenet_has_the_published_size():
    assert parameters(InfuseNet(PUBLISHED, device="meta")) == 2_952_654_336


def test_the_key_map_names_every_published_tensor():
    """Query and key norms have no bias; every other module has weight and bias."""
    theirs = [name for _, names in modules(4, 10, True) for name in names]
    norms = [name for name in theirs if ".norm_" in name]
    assert len(theirs) == len(set(theirs))
    assert 2 * len(theirs) - len(norms) == 314


def test_the_key_map_names_every_parameter_of_ours():
    ours = {name.rpartition(".")[0] for name, _ in InfuseNet(PUBLISHED, device="meta").named_parameters()}
    assert ours == {name for name, _ in modules(4, 10, True)}


def test_the_projector_has_the_published_size():
    config = IdentityProjectorConfig(
        tokens=8, width=1280, depth=4, heads=20, head_size=64, embedding_size=512, context_size=4096
    )
    assert parameters(IdentityProjector(config, device="meta")) == 84_595_968
