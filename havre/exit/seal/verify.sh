#!/bin/sh
# Checks the seal of an exit: sh verify.sh SEAL SIGNER-CA.pem TSA-CA.pem|none [a line about the signer, as printed]
set -eu; umask 077; export LC_ALL=C CDPATH=; t=$(mktemp -d); trap 'rm -rf "$t"' EXIT; tab=$(printf '\t') m=tagmanifest-sha256.txt
fail() { printf '%s\n' "REFUSED: $*" | tr -cd '[:print:]\n' >&2; exit 1; }; ssl() { openssl "$@" >"$t/log" 2>&1 || fail "openssl $1 $2: $(tail -n 2 "$t/log")"; }
same() { sort "$1" >"$t/a"; sort "$2" >"$t/b"; comm -3 "$t/a" "$t/b" >"$t/x"; [ ! -s "$t/x" ] || fail "$3: $(cat "$t/x")"; }
table() { sort -cu -t "$tab" -k1,1 -k2,2 "$1" || fail "$1: lines out of order, or twice" # what must come out of a pipe is put in at its
  [ "$({ cut -f4- "$1" && echo "$forms"; } | tr 1-9a-f 0 | sort -u)" = "$forms" ] || fail "$1: no SHA-256" # end: if it breaks, it is missing
  x=$({ cut -f3,4 "$1" && echo "0$tab$nil"; } | nl -w1 -s: -bp"^0$tab\\|$tab$nil\$" | cut -s -d: -f2 | sort -u); [ "$x" = "0$tab$nil" ] || fail "$1: digest of nothing"; }
ca=$(realpath -e -- "$2"); tsa=$3; [ "$3" = none ] || tsa=$(realpath -e -- "$3"); cd -- "$1"; at=$(date +%s) time=none token=. s='' z=$(printf %064d 0)
nil=$(sha256sum </dev/null); nil=${nil%% *}; forms=$(printf '%s\n' "-$tab$z" "$z" "$z$tab$z"); : >"$t/found"
if [ "$tsa" != none ]; then token=./$m.p7s.tsr at=
  ssl ts -reply -in $token -token_out -out "$t/x"; ssl ts -reply -token_in -in "$t/x" -text; while IFS= read -r f; do case $f in "Time stamp: "*) at=$(date -d "${f#*: }" +%s); break ;; esac; done <"$t/log"; time=$(date -u -d "@$at" +%FT%TZ)
  ssl ts -reply -in $token -out "$t/x"; [ "$(wc -c <"$t/x")" = "$(wc -c <$token)" ] || fail "bytes after the token"
  ssl ts -verify -data $m.p7s -in $token -CAfile "$tsa" -attime "$at" -auth_level 2; [ "$at" -le $(($(date +%s) + 300)) ] || fail "$time is to come"; fi
ssl cms -verify -binary -inform DER -in $m.p7s -content $m -CAfile "$ca" -no-CApath -no-CAstore -attime "$at" -auth_level 2 -signer "$t/pem" -out "$t/x"
ssl x509 -in "$t/pem" -noout -subject -fingerprint -sha256 -nameopt RFC2253; who=$(cat "$t/log") n=$(printf '\n.') n=${n%.}
case "$n$who$n" in *"$n${4-$who}$n"*) ;; *) fail "signed by another: $who" ;; esac
du -al . >"$t/du"; cut -f2- "$t/du" >"$t/all"; while IFS= read -r f; do [ ! -L "$f" ] || fail "a link: $f"; [ ! -d "$f" ] || continue
  [ -f "$f" ] || fail "no file: $f"; case $f in "./$m" | "./$m.p7s" | "$token") ;; *) sha256sum -- "${f#./}" ;; esac; done <"$t/all" >"$t/files"
cat manifest-sha256.txt $m >"$t/listed"; same "$t/files" "$t/listed" "files (left) and manifests (right) differ"; while IFS= read -r f; do case $f in
  "Exit-Lines: "*) echo "lines ${f#*: }" ;; "Exit-Level: "*) level="${f#*: } $time $who" ;; esac; done <bag-info.txt >"$t/told"; while read -r sum f; do case $f in
  data/objects/?*.source.tsv | data/database/?*.source.txt) table "$f"; n=${f%.source.*}; printf '%s\n' "lines $(wc -l <"$f") $n" "side $sum $n" >>"$t/found" ;;
  data/objects/?*.target.tsv | data/database/?*.target.txt) echo "side $sum ${f%.target.*}" >>"$t/told" ;; data/objects/*) fail "of no side: $f" ;; esac
  [ "$f" = data/statement.json ] || s="$s,{\"digest\":{\"sha256\":\"$sum\"},\"name\":\"$f\"}"; done <manifest-sha256.txt; [ -s "$t/found" ] || fail "nothing moved"
same "$t/found" "$t/told" "source (left) and target (right) differ"; { cut -f6- data/losses.tsv && echo "kept$tab"; } | sort -u >"$t/x"; [ -s "$t/x" ]
while IFS= read -r f; do case $f in "kept$tab" | "mapped$tab" | "lost$tab"?*) ;; *) fail "losses.tsv: $f" ;; esac; done <"$t/x"
case $(cat data/statement.json) in *",\"subject\":[${s#,}]}") ;; *) fail "statement.json differs from the manifest" ;; esac
case $level in "real none "* | "real "*[Rr]ehearsal*) fail "a rehearsal that calls itself real" ;; "rehearsal "* | "real "*) ;; *) fail "level: $level" ;; esac
tr -d '\000-\011\013-\037\177' <bag-info.txt; printf '%s\n' "$who" "time=$time" "VERIFIED: every file is as it was signed, and source and target are equal"
