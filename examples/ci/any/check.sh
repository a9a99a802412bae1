#!/bin/sh
# Judges a warehouse file on any machine that has Python 3.11 or later, and ends with the exit
# code of the check: 0 all hold, 1 findings, 2 wrong input, 3 not evaluated, 4 provider or engine.
#
#   check.sh PROVIDER [FILE [OPTION...]]
#
# FILE is warehouse.yaml by default; options go to `havre check`. Environment:
#   HAVRE           command to run; where it is not set, Havre is installed into HAVRE_VENV
#   HAVRE_VENV      folder of the virtual environment, by default .havre-venv
#   HAVRE_PACKAGES  what is installed, by default havre[azure,ovh,policies]; until the packages
#                   are published, the folders of a checkout: ". ./policies ./providers/ovh"
#   HAVRE_REPORT    folder of the reports, by default havre-report
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
report=${HAVRE_REPORT:-havre-report}

if [ -z "${HAVRE:-}" ]; then
  venv=${HAVRE_VENV:-.havre-venv}
  packages=${HAVRE_PACKAGES:-havre[azure,ovh,policies]}
  if [ ! -x "$venv/bin/havre" ]; then
    set -f # the brackets are no pattern, the spaces part the packages
    # shellcheck disable=SC2086
    { "${PYTHON:-python3}" -m venv "$venv" && "$venv/bin/python" -m pip install --quiet $packages; } || {
      echo "error: Havre could not be installed into $venv" >&2
      exit 4
    }
    set +f
  fi
  HAVRE=$venv/bin/havre
fi

mkdir -p "$report"
code=0
"$HAVRE" check "$file" --provider "$provider" "$@" \
  --format table \
  --format sarif="$report/havre.sarif" \
  --format junit="$report/junit.xml" \
  --format markdown="$report/summary.md" || code=$?
exit "$code"
