"""Who did what with the data of a warehouse, read from the logs of its own services.

A provider says where its logs are and how a line is read (`havre.audit.logs`). Every access comes
out in one form (`havre.audit.accesses`), each line bound to the one before (`havre.audit.chain`).
What cannot be read is counted and shown. No text of a statement is kept: constants are data.
"""
