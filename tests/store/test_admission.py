"""Whether waiting cures what keeps a connection from coming about."""

import psycopg2
import pytest

from iam.database.admission import judged
from iam.database.errors import Unusable

AT = 'connection to server at "db.example" (192.0.2.1), port 5432 failed: '
ON = 'connection to server on socket "/run/postgresql/.s.PGSQL.5432" failed: '
RUNNING = "\n\tIs the server running on that host and accepting TCP/IP connections?\n"


@pytest.mark.parametrize(
    "told",
    [
        "Connection refused" + RUNNING,
        AT + "Connection refused" + RUNNING,
        ON + "No such file or directory\n\tIs the server running locally?\n",
        ON + "Resource temporarily unavailable",
        AT + "No route to host" + RUNNING,
        AT + "Network is unreachable" + RUNNING,
        AT + "Connection timed out" + RUNNING,
        AT + "could not receive data from server: Connection reset by peer",
        AT + "could not send startup packet: Broken pipe",
        AT + "SSL SYSCALL error: EOF detected",
        AT + "SSL SYSCALL error: Connection reset by peer",
        AT + "SSL error: unexpected eof while reading",
        AT + "server closed the connection unexpectedly\n\tThis probably means the server terminated abnormally",
        "timeout expired",
        AT + "FATAL:  57P03: the database system is starting up\nLOCATION:  ProcessStartupPacket, postmaster.c:2345\n",
        AT + "FATAL:  57P03: das Datenbanksystem startet\n",
        AT + "致命错误:  53300: 对不起, 已经有太多的客户\nLOCATION:  InitProcess, proc.c:363\n",
        AT + "ВАЖНО:  57P01: закрытие подключения по команде администратора\n",
        AT + "FATAL:  08P01: server login has been failing, try again later (server_login_retry)\n",
    ],
)
def test_what_may_be_over_in_a_moment_is_waited_for(told: str) -> None:
    assert not isinstance(judged(psycopg2.OperationalError(told)), Unusable)


@pytest.mark.parametrize(
    "told",
    [
        AT + 'FATAL:  28P01: password authentication failed for user "iam"\nLOCATION:  auth_failed, auth.c:326\n',
        AT + "FATAL:  28000: kein pg_hba.conf-Eintrag für Host\n",
        AT + 'FATAL:  3D000: database "iam" does not exist\n',
        AT + "fe_sendauth: no password supplied",
        AT + "server does not support SSL, but SSL was required",
        AT + "SSL error: certificate verify failed",
        AT + 'could not open certificate file "/nowhere": No such file or directory',
        AT + 'root certificate file "/nowhere" does not exist',
        AT + 'received invalid response to SSL negotiation: "H"',
        ON + "Permission denied",
        'Unix-domain socket path "/long" is too long (maximum 107 bytes)',
        AT + "FATAL:  08P01: no such database: iam\n",
    ],
)
def test_what_will_be_the_same_tomorrow_is_not(told: str) -> None:
    assert isinstance(judged(psycopg2.OperationalError(told)), Unusable)


def test_it_is_told_in_one_line_with_its_state_and_without_details() -> None:
    told = 'FATAL:  28P01: password authentication failed for user "iam"\nDETAIL:  more\nLOCATION:  auth_failed, auth.c:326\n'

    assert str(judged(psycopg2.OperationalError(AT + told))) == 'password authentication failed for user "iam" (28P01)'
