"""Records the findings and verdicts of every example on every provider; review the difference."""

from tests.check import verdicts
from tests.check.asked import EXAMPLES, PROVIDERS, write

if __name__ == "__main__":
    for example in EXAMPLES:
        for provider in PROVIDERS:
            write(example, provider)
    verdicts.write()
