"""What people type when they look for this: on Apply, Load and Encode only, so that these three come first."""

GENERAL = [
    "infiniteyou",
    "infinite you",
    "infu",
    "face id",
    "faceid",
    "pulid",
    "instantid",
    "ip adapter face",
    "faceswap",
    "face swap",
    "consistent character",
    "same person",
    "换脸",
    "人脸",
]
