"""Objects of Kubernetes in a plan: the same for every provider, and known to its facts."""
