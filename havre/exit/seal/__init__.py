"""The seal of an exit: a folder that an auditor checks with sh, coreutils and openssl only."""
