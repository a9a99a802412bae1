"""`rehearse`: a whole exit between two warehouses of this machine, with data that nobody is in."""
