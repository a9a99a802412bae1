"""Services of the machine: what they are, who starts them and keeps them running."""
