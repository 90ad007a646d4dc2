"""The source of `locales/`: the nodes' words in four languages, from one table, `words.txt`."""
