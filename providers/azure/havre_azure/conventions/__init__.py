"""What an organisation prescribes to a stack on Azure: names, tags and addresses."""
