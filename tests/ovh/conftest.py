"""The SDK loads class by class, as for a warehouse: pytest looks at all that is imported."""

from havre_ovh.provider import provider

provider.parts()
