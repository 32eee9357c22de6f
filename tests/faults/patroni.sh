#!/bin/sh
# What tests/faults/test_patroni.py needs: Patroni in an environment of its own, etcd and HAProxy from the system's packages.
# Where something cannot be installed this says so, and those tests are skipped.
set -eu

DIRECTORY=build/patroni

# Neither PostgreSQL nor Patroni runs as root, so for root it is a Python that others may run too.
python() {
    if [ "$(id -u)" = 0 ] && [ -x /usr/bin/python3 ]; then echo /usr/bin/python3; else echo "${PYTHON:-python3}"; fi
}

make_patroni() {
    "$(python)" -m venv $DIRECTORY &&
        $DIRECTORY/bin/python -m pip install --quiet --disable-pip-version-check 'patroni[etcd3]>=4.1,<5' 'psycopg2-binary>=2.9.10,<3'
}

[ -x $DIRECTORY/bin/patroni ] || make_patroni || echo "Patroni cannot be installed." >&2

PATH=$PATH:/usr/sbin
missing=
command -v etcd >/dev/null || missing="$missing etcd-server"
command -v haproxy >/dev/null || missing="$missing haproxy"
[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "The tests with Patroni need$missing: install that from your system's packages." >&2
    exit 0
fi
if [ ! -e /usr/sbin/policy-rc.d ]; then # no service is to be started
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
    chmod 755 /usr/sbin/policy-rc.d
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
fi
apt-get update -qq
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null ||
    echo "The tests with Patroni need$missing, which cannot be installed." >&2
