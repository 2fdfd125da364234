#!/usr/bin/env bash
# The life of the .deb on a clean Debian 12 that systemd has booted: installed beside nginx and Apache, at work,
# restarted, killed, upgraded, removed, purged. It ends where something is not as README.md here says.
#
#     packaging/check.sh hushlog_VERSION_amd64.deb
#
# Needs root, debootstrap and systemd-nspawn, a Debian mirror (DEBIAN_MIRROR) and 700 MB in TMPDIR. The machine
# has no network but its own loopback.
set -euo pipefail

package=$(realpath "$1")
readonly MIRROR=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
readonly WITH=systemd,systemd-sysv,nginx-light,apache2,curl,logrotate,libfaketime
readonly STATISTICS=/var/lib/hushlog/statistics
readonly PATIENCE=60
work=$(mktemp -d)
readonly root=$work/root
machine= leader=

clean_up() {
    # The only way that always ends all of it: its first process takes the others along.
    if [ -n "$leader" ]; then kill -KILL "$leader" 2>/dev/null || true; fi
    if [ -n "$machine" ]; then wait "$machine" 2>/dev/null || true; fi
    rm -rf --one-file-system "$work"
}
trap clean_up EXIT

say() { printf '\n-- %s\n' "$1"; }

fail() {
    printf 'NOT SO: %s\n' "$1" >&2
    if [ -n "$leader" ]; then inside journalctl --no-pager --lines 40 --unit hushlog-watch --unit hushlog-report >&2 || true; fi
    exit 1
}

# A command in the machine.
inside() {
    nsenter --target "$leader" --all -- env --ignore-environment PATH=/usr/sbin:/usr/bin:/sbin:/bin \
        LC_ALL=C DEBIAN_FRONTEND=noninteractive "$@"
}

apt_get() { inside apt-get --quiet=2 "$@" >"$work/apt.log" 2>&1 || { cat "$work/apt.log"; exit 1; }; }

# Holds what must be so, in the machine, at once or before long.
holds() { inside sh -c "$1" >"$work/said" 2>&1 || { cat "$work/said"; fail "$1"; }; }
before_long() {
    local waited=0
    until inside sh -c "$1" >/dev/null 2>&1; do
        waited=$((waited + 1))
        [ $waited -lt $((PATIENCE * 5)) ] || fail "$1"
        sleep 0.2
    done
}

install_system() {
    debootstrap --variant=minbase --include=$WITH bookworm "$root" "$MIRROR" >"$work/debootstrap.log" ||
        { tail "$work/debootstrap.log"; exit 1; }
    # Loopback only. Apache is beside nginx.
    sed -i 's/listen 80 default_server/listen 127.0.0.1:80 default_server/; /listen \[::\]/d' \
        "$root/etc/nginx/sites-available/default"
    echo 'Listen 127.0.0.1:8080' >"$root/etc/apache2/ports.conf"
    sed -i 's/\*:80/127.0.0.1:8080/' "$root/etc/apache2/sites-available/000-default.conf"
    for page in about pricing contact; do echo "$page" >"$root/var/www/html/$page"; done
}

boot() {
    systemd-nspawn --directory "$root" --boot --private-network --register=no --keep-unit --console=pipe \
        --bind-ro "$package:/package/hushlog.deb" >"$work/boot.log" 2>&1 &
    machine=$!
    local waited=0
    until leader=$(pgrep -P $machine) && inside systemctl is-system-running 2>/dev/null | grep -q 'running\|degraded'; do
        waited=$((waited + 1))
        [ $waited -lt $PATIENCE ] || { tail "$work/boot.log"; exit 1; }
        sleep 1
    done
}

# Every file, folder, user and group there is, but for what Debian's own programs write down.
inventory() {
    inside sh -c "find / -xdev \( -path /tmp -o -path /run -o -path /var/log -o -path /var/cache -o -path /var/tmp \
        -o -path /var/lib/dpkg -o -path /var/lib/apt -o -path /var/lib/logrotate -o -path /package -o -path /root \) -prune -o -print | sort
        getent passwd; getent group"
}

# Has the servers believe that it is some days ago, five minutes after midnight UTC: days that are over can
# be logged and released now. They keep to the true time without an argument.
serve() {
    local day server
    for server in nginx apache2; do
        inside rm -rf "/run/systemd/system/$server.service.d"
        if [ $# -gt 0 ]; then
            day=$(date --utc --date "$1 days ago" +%F)
            inside mkdir -p "/run/systemd/system/$server.service.d"
            inside tee "/run/systemd/system/$server.service.d/clock.conf" >/dev/null <<-END
				[Service]
				Environment=LD_PRELOAD=/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1
				Environment="FAKETIME=@$day 00:05:00" TZ=UTC
			END
        fi
    done
    inside systemctl daemon-reload
    inside systemctl restart nginx apache2
}

# So many clients, each in a network of its own, each reading three pages at both servers: six lines.
visit() {
    inside bash -c '
        for client in $(seq "$0"); do
            for server in 127.0.0.1:80 127.0.0.1:8080; do
                curl --silent --fail --interface "127.$client.0.1" --user-agent "Mozilla/5.0 Firefox/140.0" \
                    --output /dev/null "http://$server/about" --output /dev/null "http://$server/pricing" \
                    --output /dev/null "http://$server/contact" || exit 1
            done
        done' "$1"
}

released() { echo "test -s $STATISTICS/date=$(date --utc --date "$1 days ago" +%F)/manifest.json"; }

open_requests() { echo "curl --silent http://127.0.0.1:9180/metrics | grep -qx 'hushlog_open_hits $1\(\.0\)\?'"; }

configure() {
    inside tee /etc/hushlog/hushlog.toml >/dev/null <<-END
		output = "$STATISTICS"

		[report]
		inputs = ["/var/log/nginx/access.log*", "/var/log/apache2/access.log*"]

		[watch]
		inputs = ["/var/log/nginx/access.log", "/var/log/apache2/access.log"]
		listen = "127.0.0.1:9180"
		checkpoint = "1s"
	END
    holds 'hushlog config check /etc/hushlog/hushlog.toml'
}

if [ "$(id -u)" != 0 ] || ! command -v debootstrap systemd-nspawn >/dev/null; then
    echo 'Skipped: this needs root, debootstrap and systemd-nspawn.'
    exit
fi

say 'a clean Debian 12 with nginx and Apache, booted'
install_system
boot
inventory >"$work/before"

say 'installed: nothing runs and nothing is read yet'
apt_get install /package/hushlog.deb
holds 'id hushlog && ! id -nG hushlog | grep -w adm'
holds 'test "$(stat -c "%U:%G %a" /var/lib/hushlog)" = "hushlog:hushlog 700"'
holds 'test "$(stat -c "%U:%G %a %s" /etc/hushlog/credential)" = "root:root 600 32"'
holds 'hushlog config check /etc/hushlog/hushlog.toml'
holds '! systemctl is-active hushlog-watch hushlog-report hushlog-report.timer'
holds '! systemctl is-enabled hushlog-watch hushlog-report.timer'
holds 'systemd-analyze verify --man=no /lib/systemd/system/hushlog-*'
holds 'test -z "$(ls -A /var/lib/hushlog)"'

say "a stranger's three commands, of which the first is behind us"
serve 3
visit 20
began=$SECONDS
holds 'hushlog report /var/log/nginx/access.log* -o /root/statistics'
holds 'hushlog show /root/statistics | grep -q /pricing'
echo "   in $((SECONDS - began)) s"

say 'the day before yesterday, released by the nightly report when logrotate has rotated'
configure
serve 2
visit 20
inside cp /usr/share/doc/hushlog/examples/logrotate /etc/logrotate.d/nginx
inside logrotate --force /etc/logrotate.d/nginx
before_long "$(released 2)"
before_long 'systemctl show -P Result hushlog-report | grep -qx success'
inside systemctl enable --now --quiet hushlog-report.timer
holds 'systemctl list-timers hushlog-report.timer | grep -q hushlog-report.service'

say 'yesterday, released by the watch as soon as it starts'
serve 1
visit 20
inside systemctl enable --now --quiet hushlog-watch
before_long "$(released 1)"
holds 'test "$(stat -c %U /proc/"$(systemctl show -P MainPID hushlog-watch)")" = hushlog'
holds 'grep -qP "Seccomp:\t2" /proc/"$(systemctl show -P MainPID hushlog-watch)"/status'
holds "grep -q '/about,40,20,' $STATISTICS/date=$(date --utc --date '1 day ago' +%F)/pages.csv"
holds "cd / && runuser -u hushlog -- hushlog audit $STATISTICS"
holds "! grep -rE '127\.[0-9]+\.0\.1' $STATISTICS/date=* $STATISTICS/*.html $STATISTICS/*.json*"

say 'today stays open, whatever happens to the service'
serve
visit 10
before_long "$(open_requests 60)"
inside systemctl restart hushlog-watch
visit 10
before_long "$(open_requests 120)"
sleep 2 # for a checkpoint
inside systemctl kill --signal KILL hushlog-watch
visit 10
before_long "$(open_requests 180)"

say 'upgraded: goes on, with its configuration, credential and open day'
before_long 'systemctl is-active --quiet hushlog-watch'
sleep 2
inside sh -c 'systemctl show -P MainPID hushlog-watch; sha256sum /etc/hushlog/*' >"$work/old"
mkdir "$work/again"
dpkg-deb --raw-extract "$package" "$work/again"
sed -i 's/^Version: .*/&+again/' "$work/again/DEBIAN/control"
dpkg-deb -Zgzip -z1 --root-owner-group --build "$work/again" "$root/root/again.deb" >/dev/null
apt_get install /root/again.deb
holds 'dpkg-query -W hushlog | grep again'
before_long 'systemctl is-active --quiet hushlog-watch'
inside sh -c 'systemctl show -P MainPID hushlog-watch; sha256sum /etc/hushlog/*' >"$work/new"
[ "$(head -1 "$work/old")" != "$(head -1 "$work/new")" ] || fail 'the service was started again'
cmp <(tail +2 "$work/old") <(tail +2 "$work/new") || fail 'configuration and credential are as before'
visit 10
before_long "$(open_requests 240)"

say 'removed: the program goes, what it made stays'
apt_get remove hushlog
holds '! test -e /usr/bin/hushlog && ! systemctl is-active hushlog-watch'
holds "$(released 1)"
holds 'test -s /etc/hushlog/hushlog.toml && test -s /etc/hushlog/credential'
holds "test -s $STATISTICS/.state/watch/key"

say 'purged: keys are overwritten, and nothing is left'
# Another name of a file shows what became of its blocks.
inside mkdir /root/witness
inside ln /etc/hushlog/credential "$STATISTICS/.state/watch/key" /root/witness
inside sh -c 'cd /root/witness && for key in *; do cp $key $key.copy; done'
apt_get purge hushlog
for key in credential key; do
    holds "! cmp --silent /root/witness/$key /root/witness/$key.copy"
    holds "! tr -d '\\0' </root/witness/$key | grep -q ."
done
inside mv /root/witness /root/again.deb /tmp
inventory >"$work/after"
diff "$work/before" "$work/after" || fail 'nothing is left'

printf '\nThe package lives and dies as it should.\n'
