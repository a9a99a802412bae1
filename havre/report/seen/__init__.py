"""What was seen of a deployed warehouse, for people and machines."""
