"""What a stack on Azure is given of an estate that exists, and never manages."""
