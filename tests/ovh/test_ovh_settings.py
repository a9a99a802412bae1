import pytest
from pydantic import ValidationError

from havre.errors import InputError
from havre.provider import OPERATIONS, NeedsEnvironment, Provider, provides
from havre.stack.program import offline_settings, read_settings
from havre_ovh import sites
from havre_ovh.provider import provider
from havre_ovh.settings import S3_CREDENTIALS
from tests.ovh.stack import SETTINGS, changed, example, named, planned


def test_it_keeps_the_contract() -> None:
    assert isinstance(provider, Provider)
    assert provider.name == "ovh"
    assert provider.operator.country == "FR"
    assert provider.operator.laws == ("FR", "EU")


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("service_name", "my-project"),
        ("service_name", "0" * 31),
        ("service_name", "G" * 32),
        ("ldp_service", "0123456789abcdef0123456789abcdef"),
        ("ldp_retention_id", "P1Y"),
        ("okms_id", "okms"),
        ("okms_region", "ca-east-bhs"),
        ("registry_plan_id", "SMALL"),
        ("registry_region", "gra"),
        ("compute_region", "gra11"),
        ("vlan_id", 99_999),
        ("vlan_id", 0),
        ("kubernetes_version", "1.29"),
        ("kubernetes_version", "latest"),
        ("database_plan", "discovery"),
        ("database_flavors", "db2"),
        ("source_addresses", ["everywhere"]),
        ("owner_user_id", 0),
        ("project_groups", {"cohort-diabetes": "a.martin@university.example"}),
        ("project_groups", {"cohort-diabetes": "urn:v1:eu:identity:user:x-ovh/a.martin"}),
        ("ldp_site", "Gravelines"),
        ("application_secret", "x"),
        ("okms_credential", {"identities": [], "csr": "x"}),
        (
            "okms_credential",
            {
                "identities": ["urn:v1:eu:identity:account:x-ovh"],
                "csr": "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n",
            },
        ),
    ],
)
def test_a_wrong_setting_is_named(setting: str, value: object) -> None:
    with pytest.raises(InputError) as caught:
        planned(example("emc2"), **{setting: value})
    assert caught.value.message.startswith("Settings for ovh: ")
    assert setting in caught.value.message


def test_settings_cannot_be_changed_once_they_are_read() -> None:
    identity = "urn:v1:eu:identity:group:xx1-ovh/admins"
    csr = "-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n"
    asked = {**SETTINGS, "okms_credential": {"identities": [identity], "csr": csr}}
    settings = provider.settings.model_validate(asked)
    with pytest.raises(ValidationError, match="frozen"):
        settings.hds_certified = True
    with pytest.raises(ValidationError, match="frozen"):
        settings.okms_credential.csr = csr
    with pytest.raises(ValidationError, match=r"okms_credential\.key"):
        provider.settings.model_validate(
            {**asked, "okms_credential": {**asked["okms_credential"], "key": "x"}}
        )


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_missing_setting_is_a_named_placeholder_offline(setting: str) -> None:
    given = {key: value for key, value in SETTINGS.items() if key != setting}
    settings, missing = offline_settings(provider, given)
    assert missing == (setting,)
    told = getattr(settings, setting)
    assert told == (f"<{setting}>" if isinstance(SETTINGS[setting], str) else 123456)


def test_a_plan_without_any_setting_is_whole() -> None:
    from havre.evaluate import evaluate
    from havre.stack.program import program

    settings, missing = offline_settings(provider, {})
    plan = evaluate(program(example("emc2"), provider, settings), project="p", stack="s")
    assert set(missing) == set(SETTINGS)
    assert named(plan, "emc2-zones-curated").inputs["serviceName"] == "<service_name>"


@pytest.mark.parametrize(
    ("change", "settings", "message", "remedy"),
    [
        ((), {"okms_id": None}, "but `okms_id` is not set", "Set `okms_id`"),
        ((), {"registry_plan_id": None}, "`registry_plan_id` is not set", "Set `registry_plan_id`"),
        (
            (("sites.primary", "de-frankfurt"), ("residency.countries", ["DE", "FR"])),
            {"registry_region": "GRA"},
            "site `de-frankfurt` has no OKMS",
            "Set `okms_region`",
        ),
        (
            (("sites.primary", "de-frankfurt"), ("residency.countries", ["DE"])),
            {"okms_region": "eu-west-rbx", "registry_region": "DE"},
            "keys would be stored in FR, outside DE",
            "Allow FR",
        ),
        (
            (("sites.primary", "fr-strasbourg"),),
            {},
            "no registry is known at site `fr-strasbourg`",
            "Set `registry_region`",
        ),
        (
            (("sites.primary", "it-milan"), ("residency.countries", ["IT", "FR"])),
            {"okms_region": "eu-west-par", "registry_region": "GRA"},
            "the compute region of site `it-milan` is not known",
            "Set `compute_region`",
        ),
        (
            (("sites.primary", "it-milan"), ("residency.countries", ["IT", "FR"])),
            {
                "okms_region": "eu-west-par",
                "registry_region": "GRA",
                "compute_region": "EU-SOUTH-MIL",
            },
            "the availability zones of site `it-milan` are not known",
            "Set `availability_zones`",
        ),
        ((), {"ldp_site": "de-frankfurt"}, "logs would be stored in DE", "in an allowed country"),
        ((), {"compute_region": "GRA11"}, "GRA11 is not at site `fr-paris`", "EU-WEST-PAR"),
        ((), {"compute_region": "EU-WEST-PARIS"}, "is not at site", "EU-WEST-PAR"),
        ((), {"registry_region": "WAW"}, "WAW is not in an allowed country", "FR"),
        ((), {"registry_region": "BHS"}, "BHS is not in an allowed country", "FR"),
        (
            (),
            {"project_groups": {"ghost": "urn:v1:eu:identity:group:x/g"}},
            "ghost",
            "of the warehouse file",
        ),
        ((), {"source_addresses": ["10.0.0.0/8"]}, "10.0.0.0/8 is private or too wide", "gateway"),
        ((), {"source_addresses": ["0.0.0.0/0"]}, "0.0.0.0/0 is private or too wide", "gateway"),
        ((), {"source_addresses": ["::/0"]}, "::/0 is private or too wide", "gateway"),
    ],
)
def test_what_does_not_fit_the_spec_is_refused_before_any_resource(
    change, settings: dict, message: str, remedy: str
) -> None:
    spec = example("emc2")
    for path, value in change:
        spec = changed(spec, path, value)
    with pytest.raises(InputError) as caught:
        planned(spec, **settings)
    assert message in caught.value.message
    assert remedy in caught.value.remedy


def test_everything_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(InputError) as caught:
        planned(example("emc2"), okms_id=None, registry_plan_id=None, ldp_site="de-frankfurt")
    for word in ("`okms_id`", "`registry_plan_id`", "logs would be stored in DE"):
        assert word in caught.value.message


def test_faults_of_the_file_and_of_the_settings_are_told_with_their_paths() -> None:
    spec = changed(example("emc2"), "sites.recovery", "fr-roubaix")
    spec = changed(spec, "residency.countries", ["DE"])
    given = {**SETTINGS, "okms_id": None, "ldp_site": "fr-paris", "compute_region": "GRA11"}
    found = provider.check(spec, read_settings(provider, given))
    assert [".".join(map(str, fault.path)) for fault in found] == [
        "settings.okms_id",
        "residency.countries",
        "settings.compute_region",
        "settings.ldp_site",
    ]


def test_a_recovery_network_needs_a_compute_region_of_its_site() -> None:
    spec = changed(example("emc2"), "residency.countries", ["FR", "IT"])
    spec = changed(spec, "sites.recovery", "it-milan")
    settings = read_settings(provider, SETTINGS)
    assert [fault.path for fault in provider.check(spec, settings)] == [("sites", "recovery")]
    alone = changed(spec, "network.recovery_address_space", None)
    assert list(provider.check(alone, settings)) == []


def test_milan_can_be_built_once_its_names_are_given() -> None:
    spec = changed(example("emc2"), "sites.primary", "it-milan")
    spec = changed(spec, "residency.countries", ["IT", "FR"])
    plan = planned(
        spec,
        okms_region="eu-west-par",
        registry_region="GRA",
        compute_region="EU-SOUTH-MIL",
        availability_zones=["mil-a", "mil-b"],
    )
    assert named(plan, "emc2-cluster-mil-a-pool-1-b3-32").inputs["availabilityZones"] == ["mil-a"]
    assert named(plan, "emc2-cluster-kube").inputs["region"] == "EU-SOUTH-MIL"


def test_another_compute_region_of_the_site_can_be_chosen() -> None:
    spec = changed(example("hospital"), "sites.primary", "fr-province")
    plan = planned(spec, compute_region="GRA9")
    assert named(plan, "chu-trial-network-private").inputs["regions"] == ["GRA9"]


def test_an_unknown_site_is_an_input_error_that_lists_those_there_are() -> None:
    with pytest.raises(InputError, match="no site `fr-marseille`") as caught:
        planned(changed(example("emc2"), "sites.primary", "fr-marseille"))
    assert caught.value.remedy == f"It has: {', '.join(sorted(sites.SITES))}."


def test_a_site_without_a_service_names_those_that_have_it() -> None:
    with pytest.raises(InputError, match="site `gb-london` has no compute") as caught:
        sites.region(sites.SITES["gb-london"], "compute")
    assert "fr-paris" in caught.value.remedy


def test_sites_tell_country_and_the_names_of_every_service() -> None:
    for name, site in sites.SITES.items():
        assert site.country == name[:2].upper()
        assert {"storage", "s3", "database"} <= set(site.regions)
        assert site.regions["storage"].isupper()
        assert site.regions["s3"] == site.regions["storage"].lower()
        assert site.restrictions
    assert "not in the European Union" in sites.SITES["gb-london"].restrictions
    assert sites.SITES["fr-paris"].zones == 3


def test_keys_are_copied_within_france_only() -> None:
    french = {site.regions["storage"] for site in sites.SITES.values() if site.country == "FR"}
    assert set(sites.OKMS_COPIES) == set(sites.OKMS_COUNTRIES)
    for copies in sites.OKMS_COPIES.values():
        assert set(copies) <= french
    used = {site.regions["okms"] for site in sites.SITES.values() if "okms" in site.regions}
    assert used == set(sites.OKMS_COUNTRIES)


def test_default_backups_of_three_sites_leave_their_country() -> None:
    home = {site.regions["database"]: site.country for site in sites.SITES.values()}
    leaving = {a for a, b in sites.DATABASE_BACKUPS.items() if home.get(a) and home[a] != home[b]}
    assert leaving == {"UK", "DE", "WAW"}


def test_it_has_no_operations_on_this_machine() -> None:
    offer = provides(provider, OPERATIONS)
    assert offer.given is None
    assert "Use Pulumi" in offer.answer.reason


def test_a_site_says_what_it_lacks() -> None:
    """One zone, and the services without a region there; nothing of those that it has."""
    lacking = {"okms": sites.NO_OKMS, "registry": sites.NO_REGISTRY, "compute": sites.NO_COMPUTE}
    for site in sites.SITES.values():
        assert (sites.ONE_ZONE in site.restrictions) is (site.zones == 1), site.name
        for service, why in lacking.items():
            assert (why in site.restrictions) is (service not in site.regions), (site.name, why)
    assert {site.name: site.zones for site in sites.SITES.values() if site.zones > 1} == {
        "fr-paris": 3,
        "it-milan": 3,
    }


IDENTITY = "urn:v1:eu:identity:group:xx1-ovh/admins"
REQUEST = "-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n"


UUID = SETTINGS["okms_id"]
PIECES = tuple(enumerate((8, 4, 4, 4, 12)))


def read(setting: str, value: object) -> object:
    """A setting as it is read by itself, whatever the spec says."""
    return getattr(provider.settings.model_validate({**SETTINGS, setting: value}), setting)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("okms_credential", {"identities": [], "csr": REQUEST}),
        ("okms_credential", {"identities": [IDENTITY] * 26, "csr": REQUEST}),
        ("okms_credential", {"identities": ["a.martin@university.example"], "csr": REQUEST}),
        ("okms_credential", {"identities": [f"x {IDENTITY}"], "csr": REQUEST}),
        ("okms_credential", {"identities": [f"{IDENTITY} and"], "csr": REQUEST}),
        ("okms_credential", {"identities": ["urn:v1:eu:identity:group:"], "csr": REQUEST}),
        ("okms_credential", {"identities": ["urn:v1:eu:identity::x"], "csr": REQUEST}),
        ("okms_credential", {"identities": ["urn:v1:eu:identity:GROUP:x"], "csr": REQUEST}),
        *(
            ("okms_credential", {"identities": [IDENTITY], "csr": csr})
            for csr in (f"x{REQUEST}", f"{REQUEST}x", f"{REQUEST}a: b\n{REQUEST}")
        ),
        *(
            (setting, value)
            for setting in ("compute_region", "registry_region")
            for value in ("A" * 21, "GRA11x", "xGRA", "1GRA", "-GRA", "GRA 11", "GRA_11")
        ),
        *(
            ("project_groups", {"cohort-diabetes": f"urn:v1:eu:identity:group:{group}"})
            for group in ("/g", "x/", "x/y/z", "x y/z", "x/y z", "x")
        ),
        ("project_groups", {"cohort-diabetes": f"x{IDENTITY}"}),
        *(
            ("service_name", value)
            for value in ("a" * 33, "x" + "a" * 32, "a" * 32 + "x", "A" * 32)
        ),
        *(
            ("ldp_service", f"{value}")
            for value in ("ldp-ab-", "ldp-abc-1", "ldp-a-1", "xldp-ab-1", "ldp-ab-1x", "ldp-AB-1")
        ),
        *(
            ("okms_id", value)
            for value in (f"x{UUID}", f"{UUID}x", UUID.replace("2", "g"), UUID.replace("-", ""))
        ),
        *(
            ("okms_id", "-".join("a" * (length + (place == longer)) for place, length in PIECES))
            for longer in range(5)
        ),
        *(
            ("kubernetes_version", value)
            for value in ("1.32", "1.3", "1.335", "11.35", "1.35 ", "1x35", "1.3a", "1.4", "1.300")
        ),
    ],
)
def test_a_value_of_another_form_is_no_setting(setting: str, value: object) -> None:
    with pytest.raises(ValidationError, match=setting):
        read(setting, value)


@pytest.mark.parametrize(
    ("setting", "values"),
    [
        ("kubernetes_version", ("1.33", "1.39", "1.40", "1.99")),
        ("database_flavors", ("db1", "b3")),
        ("database_plan", ("business", "enterprise", "production", "advanced", None)),
        ("okms_region", ("eu-west-par", "eu-west-rbx", "eu-west-sbg", None)),
        ("compute_region", ("GRA11", "RBX-A", "EU-WEST-PAR", "DE", None)),
        ("ldp_service", ("ldp-ab-1", "ldp-ab-12345")),
        ("owner_user_id", (1, None)),
    ],
)
def test_every_value_that_is_offered_is_taken(setting: str, values: tuple[object, ...]) -> None:
    assert [read(setting, value) for value in values] == list(values)


def test_what_is_not_set_is_careful() -> None:
    named = {key: value for key, value in SETTINGS.items() if key != "owner_user_id"}
    settings = provider.settings.model_validate(named)
    assert settings.bucket_controls is True
    assert settings.hds_certified is False
    assert settings.source_addresses == ()
    assert settings.project_groups == {}
    assert (settings.kubernetes_version, settings.database_flavors) == ("1.35", "db1")
    unset = ("ldp_site", "okms_region", "okms_credential", "registry_region", "compute_region")
    unset += ("availability_zones", "vlan_id", "database_plan", "owner_user_id")
    assert {getattr(settings, name) for name in unset} == {None}


@pytest.mark.parametrize("count", [1, 25])
def test_a_certificate_stands_for_one_to_25_identities(count: int) -> None:
    found = read("okms_credential", {"identities": [IDENTITY] * count, "csr": REQUEST})
    assert len(found.identities) == count


def test_a_region_has_at_most_20_characters() -> None:
    assert read("compute_region", "A" * 20) == "A" * 20


@pytest.mark.parametrize(
    ("site", "storage", "compute", "okms", "registry"),
    [
        ("fr-paris", "EU-WEST-PAR", "EU-WEST-PAR", "eu-west-par", "EU-WEST-PAR"),
        ("fr-province", "GRA", "GRA11", "eu-west-rbx", "GRA"),
        ("fr-strasbourg", "SBG", "SBG5", "eu-west-sbg", None),
        ("fr-roubaix", "RBX", "RBX-A", "eu-west-rbx", None),
        ("de-frankfurt", "DE", "DE1", None, None),
        ("pl-warsaw", "WAW", "WAW1", None, None),
        ("it-milan", "EU-SOUTH-MIL", None, None, None),
        ("gb-london", "UK", None, None, None),
    ],
)
def test_a_site_is_called_as_each_service_calls_it(
    site: str, storage: str, compute: str | None, okms: str | None, registry: str | None
) -> None:
    regions = sites.SITES[site].regions
    told = [regions.get(service) for service in ("storage", "compute", "okms", "registry")]
    assert told == [storage, compute, okms, registry]
    assert regions["database"] == storage


def test_every_site_is_known_by_its_name() -> None:
    assert {name: site.name for name, site in sites.SITES.items()} == {n: n for n in sites.SITES}
    assert len(sites.SITES) == 8


def test_a_site_tells_what_is_particular_to_it() -> None:
    told = {
        "fr-paris": sites.OTHER_PLANS,
        "fr-province": sites.ELSEWHERE,
        "it-milan": sites.NO_ZONES,
        "gb-london": sites.OUTSIDE,
    }
    for note in told.values():
        having = {name for name, site in sites.SITES.items() if note in site.restrictions}
        assert having == {name for name, its in told.items() if its == note}


def test_paris_has_three_zones_by_name() -> None:
    assert dict(sites.ZONE_NAMES) == {
        "EU-WEST-PAR": ("eu-west-par-a", "eu-west-par-b", "eu-west-par-c")
    }


def test_copies_of_keys_lie_where_the_service_says() -> None:
    assert dict(sites.OKMS_COPIES) == {
        "eu-west-rbx": ("SBG", "GRA"),
        "eu-west-sbg": ("RBX", "GRA"),
        "eu-west-par": ("GRA", "SBG"),
    }
    assert set(sites.OKMS_COUNTRIES.values()) == {"FR"}


def test_s3_credentials_are_needed_only_for_what_speaks_s3(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in S3_CREDENTIALS:
        monkeypatch.delenv(name, raising=False)
    settings, _ = offline_settings(provider, SETTINGS)
    assert isinstance(settings, NeedsEnvironment)
    assert settings.lacking() == S3_CREDENTIALS
    without, _ = offline_settings(provider, {**SETTINGS, "bucket_controls": False})
    assert isinstance(without, NeedsEnvironment)
    assert without.lacking() == ()
    monkeypatch.setenv(S3_CREDENTIALS[0], "admin")
    assert settings.lacking() == S3_CREDENTIALS[1:]


@pytest.mark.parametrize("place", [0, 9, 14, 19, 24])
def test_each_group_of_an_identifier_is_hexadecimal(place: int) -> None:
    good = SETTINGS["ldp_retention_id"]
    assert read("ldp_retention_id", good) == good
    with pytest.raises(ValidationError, match="ldp_retention_id"):
        read("ldp_retention_id", f"{good[:place]}g{good[place + 1 :]}")


def test_nothing_is_missed_that_is_not_asked_for() -> None:
    spec = changed(example("emc2"), "encryption.keys", "provider")
    spec = changed(changed(spec, "registry", None), "cluster", None)
    spec = changed(changed(spec, "sites.recovery", None), "network.recovery_address_space", None)
    spec = changed(changed(spec, "residency.countries", ["DE"]), "sites.primary", "de-frankfurt")
    assert planned(spec, okms_id=None, registry_plan_id=None).resources
    assert planned(spec, okms_id=None, okms_region="eu-west-rbx").resources
