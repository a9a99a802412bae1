"""A warehouse that is deployed, reached by real clients.

A store only classes its own errors; retrying, pacing and counting are wrappers around any store.
The room stands right of the contract, so that a provider's resources may use it; it imports
nothing but errors, so that no circle can come of that.
"""
