"""The miniature's own networks; InfuseNet and its projector are the pack's."""
