"""What is measured of a picture: faces by judges, words by CLIP, and the picture itself. Knows no host."""
