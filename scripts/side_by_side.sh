#!/usr/bin/env bash
# Runs commands side by side and tells how each goes: what, and the seconds so far.
#   side_by_side.sh NAME COMMAND [NAME COMMAND ...]
# On a terminal one line moves; elsewhere each command has a line when it ends. What ends within
# two seconds is not told. A command that fails prints all that it said, and so does this end with 1.
set -uo pipefail

said=$(mktemp -d)
trap 'rm -rf "$said"' EXIT
names=() processes=() seconds=()
began=$SECONDS
while (($# >= 2)); do
  names+=("$1")
  bash -euo pipefail -c "$2" > "$said/${#processes[@]}" 2>&1 < /dev/null &
  processes+=($!)
  seconds+=("")
  shift 2
done

moving() { # what is still at work, told anew each second
  local line="" i
  ((SECONDS == told)) && return
  told=$SECONDS
  for i in "${!names[@]}"; do
    [[ -n ${seconds[i]} ]] || line+="${line:+, }${names[i]} $((SECONDS - began)) s"
  done
  printf '\r\033[K%s' "$line" >&2
}

ended() { # number, exit code
  seconds[$1]=$((SECONDS - began))
  [[ -t 2 ]] && printf '\r\033[K' >&2
  if (($2)); then
    cat "$said/$1" >&2
    echo "error: ${names[$1]} failed; see the lines above" >&2
    failed=1
  elif ((seconds[$1] >= 2)); then
    echo "${names[$1]}: ready after ${seconds[$1]} s"
    grep -h '^note: ' "$said/$1" || true
  fi
}

failed=0 told=0
left=${#processes[@]}
while ((left)); do
  for i in "${!processes[@]}"; do
    if [[ -z ${seconds[i]} ]] && ! kill -0 "${processes[i]}" 2> /dev/null; then
      wait "${processes[i]}"
      ended "$i" $?
      left=$((left - 1))
    fi
  done
  ((left)) && { [[ -t 2 ]] && ((SECONDS > began + 1)) && moving; sleep 0.1; }
done
exit "$failed"
