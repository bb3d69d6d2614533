#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# settings_doc.sh write|check TOOL MANUAL DEFAULTS: keeps bridled.conf(5) and the default bridled.conf as the
# table of settings says.
set -u
mode=$1 tool=$2 manual=$3 defaults=$4

if [ "$mode" = write ]; then
    "$tool" man > "$manual" && "$tool" default > "$defaults"
    exit
fi

check() { # NUMBER WHAT FILE
    if difference=$("$tool" "$2" | diff -u "$3" -); then
        echo "ok $1 - $3 follows from the table"
    else
        echo "not ok $1 - $3 is out of date: run ninja settings-doc"
        echo "$difference" | sed 's/^/# /'
    fi
}

check 1 man "$manual"
check 2 default "$defaults"
if ! command -v mandoc > /dev/null; then
    echo "ok 3 # SKIP no mandoc"
elif warnings=$(mandoc -T lint -W warning "$manual"); then
    echo "ok 3 - the manual is correct mdoc"
else
    echo "not ok 3 - the manual is correct mdoc"
    echo "$warnings" | sed 's/^/# /'
fi
echo 1..3
