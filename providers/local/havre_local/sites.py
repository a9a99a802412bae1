"""Sites: this machine plays every one of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from havre.provider.sites import Site

HERE = "this-machine"
S3_REGION = "local"
"""Region that clients of the object store name: S3 has no requests without one."""


class EverySite(Mapping[str, Site]):
    """Answers for whatever site a spec names: all are this machine, wherever it stands."""

    def __getitem__(self, name: str) -> Site:
        return Site(
            name=name,
            country=None,
            regions={"machine": HERE},
            zones=1,
            restrictions=("every site is this one machine",),
        )

    def __iter__(self) -> Iterator[str]:
        return iter((HERE,))

    def __len__(self) -> int:
        return 1


def region(site: Site) -> str:
    """The name of a place: this machine, whichever site a spec names."""
    return site.regions["machine"]
