"""What an organisation prescribes to a stack on OVHcloud: names, tags and addresses."""
