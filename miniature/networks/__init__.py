"""What opens the weights that no stock loader opens: the face recogniser and the words."""
