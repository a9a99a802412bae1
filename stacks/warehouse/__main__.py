"""The stack: swapping the provider is one line of its configuration."""

from havre.stack import deploy_from_config

deploy_from_config()
