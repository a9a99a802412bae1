"""What a warehouse costs a month: quantities from its plan, times prices from dated lists.

Havre ships no price. A list is a file of the user's, in which each price has a source and a day.
"""
