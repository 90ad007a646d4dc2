"""The source of `web/docs/`: help pages, from what the nodes say themselves and `pages.toml`."""
