"""The suite that every provider passes.

A provider's own test file is a subclass of `ProviderSuite` that names the provider and the
settings of a stack:

    from havre_conformance.suite import ProviderSuite
    from my_provider import provider

    class TestMine(ProviderSuite):
        provider = provider
        settings = {"account": "test"}

Cases follow declared capabilities: what a provider says that it can, it is tested for; what
it cannot must be a gap. A case that does not apply is skipped with its reason.
"""
