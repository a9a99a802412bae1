"""Objects that isolate projects in a cluster, made by Pulumi where the cluster's API is reached."""
