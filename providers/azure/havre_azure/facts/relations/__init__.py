"""How resources of Azure relate: their names, links, locks and logs, over the core's index."""
