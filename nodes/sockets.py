"""The pack's own socket types, declared once so that every node names the same wire."""

from comfy_api.latest import io

InfuseNetSocket = io.Custom("INFUSENET")
FaceEncoderSocket = io.Custom("FACE_ENCODER")
IdentitySocket = io.Custom("IDENTITY")
IdentityRegionsSocket = io.Custom("IDENTITY_REGIONS")
