#!/bin/sh
# What the tests need of the system: a Chromium for those of the pages, an older PostgreSQL, without any cluster of its own,
# for those of `iam database upgrade`, an Apache with mod_auth_openidc, which is not started, as a relying party, PgBouncer, not started either,
# and systemd-analyze for the unit in docs/examples. Where it can, this installs what is missing; else it says what to install.
set -eu

OURS=18 # the major version of the PostgreSQL in our own wheel

have_chromium() {
    command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null
}

have_postgresql() {
    for program in /usr/lib/postgresql/*/bin/postgres; do
        major=${program#/usr/lib/postgresql/}
        [ -x "$program" ] && [ "${major%%/*}" -lt "$OURS" ] && return 0
    done
    return 1
}

have_pgbouncer() {
    [ -x /usr/sbin/pgbouncer ] || command -v pgbouncer >/dev/null
}

have_systemd_analyze() {
    command -v systemd-analyze >/dev/null
}

have_apache() {
    for modules in /usr/lib/apache2/modules /usr/lib64/httpd/modules /usr/libexec/apache2; do
        [ -e "$modules/mod_auth_openidc.so" ] && return 0
    done
    return 1
}

older_postgresql() {
    apt-cache search --names-only '^postgresql-[0-9]+$' | sed 's/^postgresql-\([0-9]*\) .*/\1/' | sort -n |
        awk -v ours="$OURS" '$1 < ours { newest = $1 } END { if (newest) print "postgresql-" newest }'
}

# Debian's package makes a cluster and starts it, unless this says otherwise before it is installed.
make_no_cluster() {
    mkdir -p /etc/postgresql-common
    grep -qs '^create_main_cluster' /etc/postgresql-common/createcluster.conf ||
        echo "create_main_cluster = false" >>/etc/postgresql-common/createcluster.conf
}

# A package may not start a service that nobody asked for; whoever has a rule of their own for that keeps it.
start_nothing() {
    [ -e /usr/sbin/policy-rc.d ] && return
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
    chmod 755 /usr/sbin/policy-rc.d
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
}

install() {
    echo "Installing $* from the system's packages ..."
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o Dpkg::Options::=--force-confold "$@" >/dev/null
}

if have_chromium && have_postgresql && have_apache && have_pgbouncer && have_systemd_analyze; then
    exit 0
fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    have_chromium || echo "The browser tests need Chromium: install it from your system's packages (for example: sudo apt-get install chromium)." >&2
    have_postgresql || echo "The upgrade tests need a PostgreSQL older than $OURS in /usr/lib/postgresql: install it from your system's packages (for example: sudo apt-get install postgresql-15)." >&2
    have_apache || echo "The tests of relying parties need Apache with mod_auth_openidc: install it from your system's packages (for example: sudo apt-get install libapache2-mod-auth-openidc)." >&2
    have_pgbouncer || echo "The tests of poolers need PgBouncer: install it from your system's packages (for example: sudo apt-get install pgbouncer)." >&2
    have_systemd_analyze || echo "The test of the systemd unit needs systemd-analyze: install systemd from your system's packages." >&2
    exit 1
fi
apt-get update -qq
have_chromium || install chromium
if ! have_postgresql; then
    make_no_cluster
    package=$(older_postgresql)
    if [ -z "$package" ]; then
        echo "The upgrade tests need a PostgreSQL older than $OURS, and the system's packages have none." >&2
        exit 1
    fi
    install "$package"
fi
if ! have_apache; then
    start_nothing
    install apache2 libapache2-mod-auth-openidc
fi
if ! have_pgbouncer; then
    start_nothing
    install pgbouncer
fi
if ! have_systemd_analyze; then
    start_nothing
    install systemd
fi
