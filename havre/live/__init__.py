"""A warehouse that is deployed, reached by real clients.

`Live` is what a provider gives for the outputs of a stack: an object store per zone and a database.
A store only classes its own errors; retrying, pacing and counting are wrappers around any store.
The room stands left of the contract, which names its types, and imports no layer but capabilities.
"""
