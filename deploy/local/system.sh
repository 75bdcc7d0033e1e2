#!/usr/bin/env bash
# Installs the Debian packages that the local stack needs and this machine lacks. Leaves no service running.
set -euo pipefail

PYTHON="${PYTHON:-python3}"
missing=()
[ -n "${AMQP_URI:-}" ] || [ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || missing+=(rabbitmq-server)
[ -n "${MONGODB_URI:-}" ] || grep -q 'libssl\.so\.3' <<<"$(PATH=$PATH:/sbin ldconfig -p)" || missing+=(libssl3)
[ -e /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf ] || missing+=(fonts-dejavu-core)
# Debian splits venv from its Python; other Pythons bring it.
"$PYTHON" -c 'import ensurepip' 2>/dev/null || missing+=("$("$PYTHON" -c \
  'import sys; print("python{}.{}-venv".format(*sys.version_info))')")
[ "${#missing[@]}" -gt 0 ] || exit 0

if ! command -v apt-get >/dev/null; then
  echo "missing: ${missing[*]}. This machine has no apt-get: install them by its own means" >&2
  exit 1
fi
root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "missing: ${missing[*]}. Run as root once: apt-get install ${missing[*]}" >&2
    exit 1
  fi
  root=(sudo)
fi
echo "installing ${missing[*]}" >&2

# The package would start a broker of its own; ours runs as the user who calls `make up`.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' | "${root[@]}" tee "$policy" >/dev/null
  "${root[@]}" chmod +x "$policy"
  trap '"${root[@]}" rm -f "$policy"' EXIT
fi
install() {
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 \
    apt-get install --yes --no-install-recommends -q=2 "${missing[@]}" >&2
}
install || { "${root[@]}" apt-get update -q=2 >&2 && install; }
case " ${missing[*]} " in *" rabbitmq-server "*)
  if command -v systemctl >/dev/null; then
    "${root[@]}" systemctl disable --quiet rabbitmq-server.service epmd.socket epmd.service 2>/dev/null || true
  fi ;;
esac
