"""What exists already, taken over under the names of a warehouse's plan."""

from havre.assess.adoption.adopting import Adoption, Wanted, adoption
from havre.assess.adoption.importing import import_file
from havre.assess.adoption.matching import How, Match, Unclear

__all__ = ["Adoption", "How", "Match", "Unclear", "Wanted", "adoption", "import_file"]
