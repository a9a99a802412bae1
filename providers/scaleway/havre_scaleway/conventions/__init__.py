"""What an organisation prescribes to a stack on Scaleway: names, tags and addresses."""
