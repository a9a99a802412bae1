"""A Blob service: Azurite, and a front that adds and enforces what Azurite lacks."""
