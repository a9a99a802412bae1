"""What runs on this machine for the commands that deploy: the services behind a sandbox."""
