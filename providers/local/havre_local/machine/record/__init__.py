"""The record: every service's log in one chain of lines, each bound to the one before."""
