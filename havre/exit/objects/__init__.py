"""Objects that leave: what the target can hold, the copy, and the reading back."""
