"""Find faces, align them, and turn each into an ArcFace vector."""
