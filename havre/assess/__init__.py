"""A request becomes an assessment: what every front end calls."""
