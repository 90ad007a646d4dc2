"""The index of the pack: one node per line, in the order of the add-node menu."""

from comfy_api.latest import ComfyExtension, io

from .apply_infusenet import ApplyInfuseNet
from .conditioning_nodes import ApplyInfuseNetConditioning
from .face_crop_nodes import InfuFaceCrop
from .face_nodes import EncodeFaceID, InfuLoadFaceEncoder
from .face_picture_nodes import InfuFacePose, InfuFaceRegions
from .head_turn_nodes import InfuHeadTurns
from .identity_file_nodes import InfuLoadIdentity, InfuSaveIdentity
from .identity_nodes import InfuIdentitySimilarity, InfuInterpolateIdentities, MixIdentities
from .load_infusenet import LoadInfuseNet
from .miniature_nodes import InfuLoadMiniature, InfuMiniatureFace, InfuMiniaturePrompt
from .region_nodes import InfuIdentityRegion
from .replacements import register as register_replacements
from .sampler_nodes import InfuGuider, InfuSampler
from .study_nodes import InfuLabelledGrid, InfuSweep


class InfuExtension(ComfyExtension):
    async def on_load(self) -> None:
        await register_replacements()

    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        return [
            LoadInfuseNet,
            InfuLoadFaceEncoder,
            EncodeFaceID,
            MixIdentities,
            InfuInterpolateIdentities,
            InfuSaveIdentity,
            InfuLoadIdentity,
            InfuIdentitySimilarity,
            InfuFacePose,
            InfuHeadTurns,
            InfuFaceRegions,
            InfuFaceCrop,
            InfuIdentityRegion,
            ApplyInfuseNet,
            ApplyInfuseNetConditioning,
            InfuSampler,
            InfuGuider,
            InfuSweep,
            InfuLabelledGrid,
            InfuLoadMiniature,
            InfuMiniatureFace,
            InfuMiniaturePrompt,
        ]
