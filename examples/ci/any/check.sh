#!/bin/sh
# Checks a warehouse file on any machine that has Python 3.11 or later, and ends with the exit
# code of the check: 0 passed, 1 findings, 2 wrong input, 3 not evaluated, 4 provider or engine.
#
#   check.sh PROVIDER [FILE [OPTION...]]
#
# FILE is warehouse.yaml by default; options go to `havre check`. Nothing of the folder where it is
# called is run: Havre is installed into a fresh folder elsewhere, at each call. Keep this script
# itself outside the branch that it checks. Environment:
#   HAVRE               command to run; where it is not set, Havre is installed
#   HAVRE_REQUIREMENTS  file of requirements with their hashes: nothing else is installed
#   HAVRE_PACKAGES      else what is installed, such as the folders of a checkout that you trust:
#                       "/opt/havre /opt/havre/policies /opt/havre/providers/ovh". There is no
#                       default: the names are not registered yet, and whoever registers one would
#                       run code here
#   HAVRE_REPORT        folder of the reports, by default a fresh one, which is told
set -eu

if [ "$#" -eq 0 ]; then
  echo "usage: check.sh PROVIDER [FILE [OPTION...]]" >&2
  exit 2
fi
provider=$1
shift
file=warehouse.yaml
if [ "$#" -gt 0 ]; then
  file=$1
  shift
fi
case "$provider$file" in
  -* | "$provider"-*)
    echo "error: PROVIDER and FILE come before the options, as in: check.sh azure warehouse.yaml" >&2
    echo "usage: check.sh PROVIDER [FILE [OPTION...]]" >&2
    exit 2
    ;;
esac

if [ -z "${HAVRE:-}" ]; then
  set -f # the brackets are no pattern, the spaces part the packages
  if [ -n "${HAVRE_REQUIREMENTS:-}" ]; then
    set -- "$HAVRE_REQUIREMENTS" "$@"
    wanted="--require-hashes -r"
  elif [ -n "${HAVRE_PACKAGES:-}" ]; then
    set -- "" "$@"
    wanted=$HAVRE_PACKAGES
  else
    echo "error: set HAVRE, HAVRE_REQUIREMENTS or HAVRE_PACKAGES: see the top of this script" >&2
    exit 2
  fi
  tools=$(mktemp -d)
  trap 'rm -rf "$tools"' EXIT
  # shellcheck disable=SC2086
  { "${PYTHON:-python3}" -I -m venv "$tools/venv" &&
    "$tools/venv/bin/python" -I -m pip install --quiet $wanted ${1:+"$1"}; } || {
    echo "error: Havre could not be installed into $tools" >&2
    exit 4
  }
  shift
  set +f
  HAVRE=$tools/venv/bin/havre
elif ! command -v "$HAVRE" >/dev/null 2>&1; then
  echo "error: HAVRE names no command that can be run: $HAVRE" >&2
  echo "  Set it to the path of havre, or unset it and set HAVRE_REQUIREMENTS or HAVRE_PACKAGES." >&2
  exit 2
fi

report=${HAVRE_REPORT:-$(mktemp -d)}
mkdir -p "$report" || {
  echo "  HAVRE_REPORT names no folder that can be made: $report" >&2
  exit 2
}
code=0
"$HAVRE" check "$file" --provider "$provider" "$@" \
  --format table \
  --format sarif="$report/havre.sarif" \
  --format junit="$report/junit.xml" \
  --format markdown="$report/summary.md" || code=$?
if [ -z "${HAVRE_REPORT:-}" ]; then
  rmdir "$report" 2>/dev/null || echo "reports: $report"
fi
exit "$code"
