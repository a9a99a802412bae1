"""Havre's controls as a policy pack of Pulumi's; what it does is in `havre.pack`."""

from havre.pack import main

main()
