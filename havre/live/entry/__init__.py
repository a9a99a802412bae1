"""Ways into a deployed warehouse for others than its administrator: signed URLs, accounts."""
