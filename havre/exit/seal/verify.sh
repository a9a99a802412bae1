#!/bin/sh
# Checks the seal of an exit, with sh, coreutils and openssl:
#   sh verify.sh SEAL SIGNER-CA.pem TSA-CA.pem|none [LINE]
# LINE pins the signer: its subject or its fingerprint, as printed here.
# Exit code: 0 verified, 1 refused, 2 called in a wrong way.
set -eu
umask 077
export LC_ALL=C CDPATH=
t=$(mktemp -d)
trap 'rm -rf "$t"' EXIT
tab=$(printf '\t')
n=$(printf '\n.')
n=${n%.}
m=tagmanifest-sha256.txt

fail() {
  printf '%s\n' "REFUSED: $*" | tr -cd '[:print:]\n' >&2
  exit 1
}

usage() {
  printf '%s\n' "verify.sh: $*" | tr -cd '[:print:]\n' >&2
  exit 2
}

# ssl WHY WHOSE COMMAND...: runs openssl; if it refuses, so do we. WHOSE certificate is checked.
ssl() {
  why=$1
  whose=$2
  shift 2
  openssl "$@" >"$t/log" 2>&1 && return
  case $(cat "$t/log") in
    *"local issuer certificate"* | *"certificate signature failure"* | *"self-signed cert"* | \
      *"self signed cert"*) why="$whose certificate is not from the CA that you gave" ;;
  esac
  fail "$why: openssl $1 $2: $(tail -n 2 "$t/log")"
}

# compare WHAT HERE THERE BOTH ONLY-HERE ONLY-THERE: two files of lines "VALUE  NAME" are equal,
# or each name that differs is printed after BOTH, ONLY-HERE or ONLY-THERE.
compare() {
  sort "$2" >"$t/a"
  sort "$3" >"$t/b"
  comm -23 "$t/a" "$t/b" >"$t/x"
  comm -13 "$t/a" "$t/b" >"$t/y"
  if [ ! -s "$t/x" ] && [ ! -s "$t/y" ]; then return; fi
  cut -d' ' -f3- "$t/x" | sort -u >"$t/a"
  cut -d' ' -f3- "$t/y" | sort -u >"$t/b"
  comm -12 "$t/a" "$t/b" >"$t/x"
  while IFS= read -r f; do printf '%s\n' "$4: $f"; done <"$t/x" >"$t/log"
  comm -23 "$t/a" "$t/b" >"$t/x"
  while IFS= read -r f; do printf '%s\n' "$5: $f"; done <"$t/x" >>"$t/log"
  comm -13 "$t/a" "$t/b" >"$t/x"
  while IFS= read -r f; do printf '%s\n' "$6: $f"; done <"$t/x" >>"$t/log"
  fail "$1$n$(cat "$t/log")"
}

# table FILE: sorted lines, each name once, each with SHA-256, that of nothing only for size 0.
# What must come out of a pipe is put in at its end: if the pipe breaks, it is missing.
table() {
  sort -cu -t "$tab" -k1,1 -k2,2 "$1" || fail "$1: lines out of order, or twice"
  x=$({ cut -f4- "$1" && echo "$forms"; } | tr 1-9a-f 0 | sort -u)
  [ "$x" = "$forms" ] || fail "$1: no SHA-256"
  x=$({ cut -f3,4 "$1" && echo "0$tab$nil"; } |
    nl -w1 -s: -bp"^0$tab\\|$tab$nil\$" | cut -s -d: -f2 | sort -u)
  [ "$x" = "0$tab$nil" ] || fail "$1: digest of nothing"
}

# How it was called.
case $# in
  3 | 4) ;;
  *) usage "$# arguments; give SEAL SIGNER-CA.pem TSA-CA.pem|none [LINE OF THE SIGNER]" ;;
esac
command -v openssl >/dev/null || usage "openssl is not installed"
[ -d "$1" ] || usage "no folder: $1"
[ -r "$2" ] || usage "no file: $2 (the signer's CA)"
ca=$(realpath -e -- "$2")
tsa=none
if [ "$3" != none ]; then
  [ -r "$3" ] || usage "no file: $3 (the CA of the time-stamp authority)"
  tsa=$(realpath -e -- "$3")
fi
for f in "$ca" "$tsa"; do
  [ "$f" = none ] || openssl x509 -in "$f" -noout >/dev/null 2>&1 || usage "no certificate in $f"
done
cd -- "$1"
[ -f manifest-sha256.txt ] || fail "no manifest: manifest-sha256.txt is missing"
[ -f $m ] || fail "no manifest: $m is missing"
[ -f $m.p7s ] || fail "no signature: $m.p7s is missing"

# The time-stamp is over the signature. Certificates are checked at its time.
at=$(date +%s)
time=none
token=./$m.p7s.tsr
if [ "$tsa" = none ]; then
  [ ! -f $token ] || fail "this seal has a time-stamp: give the CA of its authority, not none"
else
  [ -f $token ] || fail "no time-stamp: $token is missing"
  at=
  bad="the time-stamp is not valid"
  clock="the time-stamp authority's"
  ssl "$bad" "$clock" ts -reply -in $token -token_out -out "$t/x"
  ssl "$bad" "$clock" ts -reply -token_in -in "$t/x" -text
  while IFS= read -r f; do
    case $f in
      "Time stamp: "*)
        at=$(date -d "${f#*: }" +%s)
        break
        ;;
    esac
  done <"$t/log"
  time=$(date -u -d "@$at" +%FT%TZ)
  ssl "$bad" "$clock" ts -reply -in $token -out "$t/x"
  [ "$(wc -c <"$t/x")" = "$(wc -c <$token)" ] || fail "bytes after the token"
  ssl "$bad" "$clock" ts -verify -data $m.p7s -in $token -CAfile "$tsa" -attime "$at" -auth_level 2
  [ "$at" -le $(($(date +%s) + 300)) ] || fail "$time is to come"
fi

# The signature is over the tag manifest.
signer="the signer's"
ssl "the signature is not valid" "$signer" cms -verify -binary -inform DER -in $m.p7s -content $m \
  -CAfile "$ca" -no-CApath -no-CAstore -attime "$at" -auth_level 2 -signer "$t/pem" -out "$t/x"
ssl "no signer" "$signer" x509 -in "$t/pem" -noout -subject -fingerprint -sha256 -nameopt RFC2253
who=$(cat "$t/log")
case "$n$who$n" in
  *"$n${4-$who}$n"*) ;;
  *) fail "signed by another: $who" ;;
esac

# The files are those of the manifests.
du -al . >"$t/du"
cut -f2- "$t/du" >"$t/all"
while IFS= read -r f; do
  [ ! -L "$f" ] || fail "a link: $f"
  if [ -d "$f" ]; then
    x=$(ls -A -- "$f")
    [ -n "$x" ] || fail "the folder is not as it was signed${n}added: $f, an empty folder"
    continue
  fi
  [ -f "$f" ] || fail "no file: $f"
  case $f in
    "./$m" | "./$m.p7s" | "$token") ;;
    *) sha256sum -- "${f#./}" ;;
  esac
done <"$t/all" >"$t/files"
cat manifest-sha256.txt $m >"$t/listed"
compare "the folder is not as it was signed" "$t/files" "$t/listed" changed added missing

# What bag-info.txt says: the level, whether there is a time-stamp, and the lines of each list.
level=
stamp=
while IFS= read -r f; do
  case $f in
    "Exit-Level: "*) level="${f#*: } $time $who" ;;
    "Exit-Time-Stamp: "*) stamp=${f#*: } ;;
    "Exit-Lines: "*)
      f=${f#*: }
      printf '%s\n' "${f%% *}  ${f#* }"
      ;;
  esac
done <bag-info.txt >"$t/told"
[ "$tsa" != none ] || [ "$stamp" = none ] ||
  fail "no time-stamp: $token is missing, and bag-info.txt says of it: ${stamp:-nothing}"
case $level in
  "real none "*) fail "a real exit without a time-stamp" ;;
  "real "*[Rr]ehearsal*) fail "a rehearsal that calls itself real" ;;
  "rehearsal "* | "real "*) ;;
  *) fail "level: $level" ;;
esac

# Each list at the source is equal to that at the target, and as long as bag-info.txt says.
nil=$(sha256sum </dev/null)
nil=${nil%% *}
z=$(printf %064d 0)
forms=$(printf '%s\n' "-$tab$z" "$z" "$z$tab$z")
s=
: >"$t/counts"
: >"$t/sources"
: >"$t/targets"
while read -r sum f; do
  case $f in
    data/objects/?*.source.tsv | data/database/?*.source.txt)
      table "$f"
      printf '%s\n' "$(wc -l <"$f")  ${f%.source.*}" >>"$t/counts"
      printf '%s\n' "$sum  ${f%.source.*}" >>"$t/sources"
      ;;
    data/objects/?*.target.tsv | data/database/?*.target.txt)
      printf '%s\n' "$sum  ${f%.target.*}" >>"$t/targets"
      ;;
    data/objects/*) fail "of no side: $f" ;;
  esac
  [ "$f" = data/statement.json ] || s="$s,{\"digest\":{\"sha256\":\"$sum\"},\"name\":\"$f\"}"
done <manifest-sha256.txt
compare "source and target differ" "$t/sources" "$t/targets" \
  "not the same lines" "no list of the target" "no list of the source"
[ -s "$t/counts" ] || fail "nothing moved"
compare "lists and bag-info.txt differ" "$t/counts" "$t/told" \
  "another number of lines" "not in bag-info.txt" "no list"

# Nothing blocks, and what is lost is lost by a decision.
{ cut -f6- data/losses.tsv && echo "kept$tab"; } | sort -u >"$t/x"
[ -s "$t/x" ]
equal="source and target are equal"
while IFS= read -r f; do
  case $f in
    "kept$tab" | "mapped$tab") ;;
    "lost$tab"?*) equal="both sides are equal except in losses.tsv" ;;
    *) fail "losses.tsv: $f" ;;
  esac
done <"$t/x"

# The statement for machines has the digests of the manifest.
case $(cat data/statement.json) in
  *",\"subject\":[${s#,}]}") ;;
  *) fail "statement.json differs from the manifest" ;;
esac

tr -d '\000-\011\013-\037\177' <bag-info.txt
printf '%s\n' "$who" "time=$time" \
  "VERIFIED: every file is as it was signed, and $equal"
