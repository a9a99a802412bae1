"""Backups: the database and every object, encrypted, in one folder a backup.

A backup holds the database (one snapshot, with the names and rights of its roles) and every
version of every object of every zone. It holds no password, no key and no account: a
restore loads the data into a warehouse that was deployed from its file, which gives each
project new credentials. Names of objects, which may identify patients, stand in the
encrypted part only. The keys are exported apart (`keys.export_keys`); without them nobody
reads a backup, and with them lost nobody ever will.

Whoever writes where backups are kept, without a key, can damage or remove them and no more. The
encrypted part says which backup it is, by name, warehouse, time and a number that only grows
(`latest`), and which streams it has. A restore reads each stream twice, once to verify all before
anything is loaded; the second time it must begin as the first time did: with the same data key,
under which every chunk is authenticated with its place.
"""
