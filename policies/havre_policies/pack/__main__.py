"""Havre's controls as a policy pack of Pulumi's; what it does is in `havre_policies.pack`."""

from havre_policies.pack import main

main()
