"""The machine below the local provider: files, processes and servers, without Pulumi.

Plain functions over a `Folder` (the warehouse's data folder). Every `ensure_*` can be run
again at any time, also after the process was killed half-way through.
"""
