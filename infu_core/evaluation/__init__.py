"""Measures of pictures made with an identity: likeness, copying, confusion, and how sure a difference is."""
