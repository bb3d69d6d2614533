# shellcheck shell=sh
# SPDX-License-Identifier: BSD-2-Clause
# Part of bridle-update: one request of HTTP, by curl or uclient-fetch.
# shellcheck disable=SC2154 # what bridle-update sets: seconds, stage; of the request: etag, modified
# shellcheck disable=SC2034 # what it reads: why

# --- fetching: 0 and $status 200 or 304; else 1 with $why ---

# FILE: what a program said, for people; part of it may be the server's.
first_of()
{
    sed 's/^curl: //' "$1" 2>/dev/null | head -n 1 | tr -cd ' -~'
}

# FILE BYTES
is_larger()
{
    [ "$(wc -c <"$1" 2>/dev/null || echo 0)" -ge "$2" ] && why="it is larger than $2 bytes (max-size)"
}

by_curl()
{
    by='=https'
    case $1 in http://*) by='=http,https' ;; esac
    url_=$1 to=$2 most=$3
    set --
    [ -z "$etag" ] || set -- -H "If-None-Match: $etag"
    [ -z "$modified" ] || set -- "$@" -H "If-Modified-Since: $modified"
    rm -f "$to" "$stage/headers"
    # curl knows the size of a body only if it is told: the limit of file sizes (blocks of 512 bytes) always holds
    { # the shell tells of a child that met the limit, too
        status=$(ulimit -f $((most / 512 + 1)) && exec curl -q --silent --show-error --fail --globoff --location \
            --max-redirs 5 --proto "$by" --proto-redir "$by" --connect-timeout 20 --max-time "$seconds" \
            --speed-limit 16 --speed-time 60 --max-filesize "$most" --user-agent bridle-update \
            --dump-header "$stage/headers" --output "$to" --write-out '%{http_code}' "$@" "$url_" 2>"$stage/err")
    } 2>/dev/null
    code=$?
    case $code in
    0)
        case $status in
        200) ;;
        304) [ -n "$etag$modified" ] || { why='the server says that nothing changed, but nothing was asked' && return 1; } ;;
        *) why="the server answered $status" && return 1 ;;
        esac
        ;;
    1) grep -q 'Protocol' "$stage/err" && why="the server sends us elsewhere, and not by ${by#=}" || why=$(first_of "$stage/err") ;;
    22) why="the server answered $status" ;;
    18) why='the answer was cut short' ;;
    28) why="it did not come within $seconds seconds" ;;
    47) why='more than 5 redirects' ;;
    23) is_larger "$to" "$most" || why='it cannot be stored: the disk is full, or cannot be written to' ;;
    63 | 153) why="it is larger than $most bytes (max-size)" ;;
    *) why=$(first_of "$stage/err") ;;
    esac
    return $((code != 0))
}

# OpenWrt's own: it follows redirects by itself and tells no headers, so that there is no conditional request.
by_uclient()
{
    rm -f "$2" "$stage/headers"
    (ulimit -f $(($3 / 512 + 1)) && exec timeout "$seconds" uclient-fetch -q -T 20 -O "$2" "$1") 2>"$stage/err" >&2 && {
        status=200
        return 0
    }
    why="uclient-fetch failed: $(first_of "$stage/err")"
    return 1
}

# URL FILE BYTES
fetch()
{
    why=''
    if command -v curl >/dev/null; then
        by_curl "$@" </dev/null 9>&-
    elif command -v uclient-fetch >/dev/null; then
        by_uclient "$@" </dev/null 9>&-
    else
        why='neither curl nor uclient-fetch is installed'
        return 1
    fi || return 1
    [ "$status" = 304 ] && return
    [ -f "$2" ] || : >"$2"
    [ "$(wc -c <"$2")" -le "$3" ] || { why="it is larger than $3 bytes (max-size)" && return 1; }
}
