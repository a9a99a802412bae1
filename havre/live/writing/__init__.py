"""Who may write to a deployed warehouse: taken away for an exit, and given back."""
