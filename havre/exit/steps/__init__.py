"""The steps of an exit: each can be stopped at any instant and run again."""
