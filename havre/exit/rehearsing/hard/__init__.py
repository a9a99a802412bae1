"""The hard cases: what moves of other tools went wrong on, planted in the source of a rehearsal."""
