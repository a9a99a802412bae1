"""Whether a deployed warehouse does what its plan promised, seen from outside.

A probe is a description and an attempt over `havre.live`. It changes nothing that stays, and what
it saw is kept with the answer as it came.
"""
