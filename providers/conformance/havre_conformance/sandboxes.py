"""The cases of a provider's sandbox: subclass `SandboxSuite` in a provider's own test file.

    from havre_conformance.sandboxes import SandboxSuite

    class TestMine(SandboxSuite):
        provider = my_provider
        settings = {"project": "nobody"}

A sandbox accepts every warehouse that the provider plans, says of everything that it is a sandbox,
sees what is changed in it from outside, and keeps no secret in clear.
"""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from havre.engine import Engine, StateStore
from havre.engine.sandbox import FOLDER, servicers_in
from havre.errors import GuardError
from havre.evaluate import evaluate
from havre.plan.values import secret_texts
from havre.stack.program import PROJECT, program, read_settings
from havre_conformance.specs import SPECS, warehouse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pydantic import BaseModel

    from havre.engine.state import ResourceState

DAY = dt.date(2026, 1, 1)
"""The day on which the suite's plans are made; no project of its specs has ended then."""


class SandboxSuite:
    """Every case that a provider's sandbox must pass.

    Attributes:
        provider: the provider under test.
        settings: its settings, by name.
        cases: names of the suite's specs that are deployed.
    """

    provider: ClassVar[Any]
    settings: ClassVar[Mapping[str, Any]] = {}
    cases: ClassVar[tuple[str, ...]] = tuple(SPECS)

    @pytest.fixture(autouse=True)
    def _passphrase(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """What encrypts the made-up secrets of a sandbox in its state."""
        monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "of a sandbox")

    @pytest.fixture
    def engine(self, tmp_path: Path) -> Engine:
        """An engine whose provider is the sandbox."""
        store = StateStore(tmp_path / "data")
        store.create()
        served = servicers_in(self.provider, store.data_dir, self._settings())
        return Engine(store, PROJECT, self.provider.name, served, aliases=False)

    def _settings(self) -> BaseModel:
        return read_settings(self.provider, self.settings)

    def _body(self, case: str) -> Callable[[], None]:
        spec = warehouse(SPECS[case](self.provider.sites))
        return program(spec, self.provider, self._settings(), DAY)

    def _made(self, engine: Engine) -> list[ResourceState]:
        return [each for each in engine.load().resources if each.bears]

    @pytest.mark.parametrize("case", SPECS)
    def test_what_is_planned_stands_and_nothing_changes_twice(
        self, case: str, engine: Engine
    ) -> None:
        """Every resource of the plan is made once, and known as it was asked for."""
        if case not in self.cases:
            pytest.skip("not among the cases of this suite")
        plan = evaluate(
            self._body(case), project=PROJECT, stack=engine.stack, provider=self.provider.name
        )
        made = engine.up(self._body(case))
        assert {each.urn for each in made} == {each.urn for each in plan.resources if each.made}
        assert engine.up(self._body(case)) == []

    def test_everything_says_that_it_is_of_a_sandbox(self, engine: Engine) -> None:
        """No resource can be taken for one of the provider."""
        engine.up(self._body("small"))
        assert all(each.outputs.get("sandbox") is True for each in self._made(engine))

    def test_what_is_removed_from_outside_is_gone(self, engine: Engine) -> None:
        """A refresh sees each resource while its file is there, and not afterwards."""
        engine.up(self._body("small"))
        session = engine.session(engine.load())
        made = self._made(engine)
        assert all(session.client(each.package).read(each) for each in made)
        for file in (engine.store.data_dir / FOLDER).glob("*.json"):
            file.unlink()
        assert not any(session.client(each.package).read(each) for each in made)

    def test_what_is_protected_is_not_destroyed(self, engine: Engine) -> None:
        """A warehouse with data-bearing resources is refused whole."""
        engine.up(self._body("small"))
        with pytest.raises(GuardError, match="protected"):
            engine.refuse_protected()

    def test_no_secret_is_kept_in_clear(self, engine: Engine) -> None:
        """Neither the world nor the state has the text of a secret."""
        engine.up(self._body("large"))
        kept = engine.store.path.read_text()
        for file in (engine.store.data_dir / FOLDER).glob("*.json"):
            kept += json.dumps(json.loads(file.read_text()))
        texts = [t for each in self._made(engine) for t in secret_texts(dict(each.outputs))]
        assert not [text for text in texts if text and text in kept]
