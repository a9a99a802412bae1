"""Leaving: data, metadata, rights and history go from one warehouse to another, with a proof."""
