"""The last steps: the cut, and the retirement of the source."""
