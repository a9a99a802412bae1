"""A refusal of who asks is told from what only looks like one."""

import pytest
from botocore.exceptions import ClientError

from havre.live import s3
from havre.live.database import login_refused
from havre.live.wrappers import Remedy

AT = 'connection to server at "db", port 5432 failed: '


@pytest.mark.parametrize(
    ("said", "refused"),
    [
        (f'{AT}FATAL:  password authentication failed for user "a"', True),
        (f'{AT}FATAL:  role "a" does not exist', True),
        (f'{AT}FATAL:  database "a" does not exist', True),
        (f'{AT}FATAL:  role "a" is not permitted to log in', True),
        (f'{AT}FATAL:  no pg_hba.conf entry for host "h", user "a", database "b"', True),
        (f'{AT}FATAL:  pg_hba.conf rejects connection for host "h"', True),
        (f'{AT}FATAL:  permission denied for database "a"', True),
        (f"{AT}FATAL:  the database system is starting up", False),
        (f"{AT}FATAL:  sorry, too many clients already", False),
        (f"{AT}FATAL:  remaining connection slots are reserved", False),
        (f"{AT}SSL error: certificate verify failed", False),
        (f'{AT}root certificate file "/a" does not exist', False),
        (f"{AT}Connection refused", False),
        ('could not translate host name "db" to address: Name or service not known', False),
    ],
)
def test_a_login_is_refused_by_the_server_alone(said: str, *, refused: bool) -> None:
    assert login_refused(said) is refused


@pytest.mark.parametrize(
    ("code", "status", "remedy"),
    [
        ("AccessDenied", 403, Remedy.REFUSED),
        ("InvalidAccessKeyId", 403, Remedy.REFUSED),
        ("SignatureDoesNotMatch", 403, Remedy.REFUSED),
        ("ExpiredToken", 400, Remedy.REFUSED),
        ("403", 403, Remedy.REFUSED),
        ("NoSuchBucket", 404, Remedy.NOT_THERE),
        ("InvalidObjectState", 403, Remedy.GIVE_UP),
        ("RequestTimeTooSkewed", 403, Remedy.GIVE_UP),
        ("NotImplemented", 501, Remedy.GIVE_UP),
        ("SlowDown", 503, Remedy.RETRY),
        ("AccessDenied", 503, Remedy.RETRY),
    ],
)
def test_a_store_refuses_by_its_own_words(code: str, status: int, remedy: Remedy) -> None:
    answer = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    found = s3.failure(ClientError(answer, "ListObjectVersions"))
    assert found is not None
    assert found.remedy is remedy
