# SPDX-License-Identifier: BSD-2-Clause
# What bridle-update reads: `what` is configuration (bridled.conf), index (indicators.yaml of MVT), headers (of an
# HTTP answer) or check (what bridlectl check prints). Fields of what is printed are separated by US (037), which none of these can hold.

function trim(s) { gsub(/^[ \t]+|[ \t]+$/, "", s); return s }

BEGIN {
    if (what == "configuration") {
        units["s"] = units["sec"] = 1; units["m"] = units["min"] = 60
        units["h"] = units["hour"] = units["hours"] = 3600; units["d"] = units["day"] = units["days"] = 86400
        units["k"] = units["kib"] = units["kb"] = 1024; units["mib"] = units["mb"] = 1048576
        units["g"] = units["gib"] = units["gb"] = 1073741824
    }
}
{ sub(/\r$/, ""); if (NR == 1) sub(/^\357\273\277/, "") }

# --- configuration: source NAME URL PATH FORMAT SHA256 KEY INTERVAL BYTES; socket PATH; unwatched ---

function add(key, value) {
    gsub(/[\t\037]/, " ", value)
    v[key] = key in v && v[key] != "" && value != "" ? v[key] " " value : v[key] value
}

# A time or size with its unit. `m` is a minute of a time and a mebibyte of a size.
function worth(s, deflt, is_size,  n, unit) {
    if (s == "")
        return deflt
    n = s + 0
    unit = tolower(s)
    gsub(/[0-9 \t]/, "", unit)
    if (is_size && unit == "m")
        unit = "mib"
    return unit in units ? n * units[unit] : n
}

function end_section() {
    if (section == "source" && name != "")
        printf "source\037%s\037%s\037%s\037%s\037%s\037%s\037%.0f\037%.0f\n", name, v["url"], v["path"], \
            v["format"], v["sha256"], v["minisign"], worth(v["interval"], 43200, 0), \
            worth(v["max-size"], 67108864, 1)
    if (section == "daemon" && v["control-socket"] != "")
        printf "socket\037%s\n", v["control-socket"]
    if (section == "rules" && tolower(v["watch"]) ~ /^(no|false|off|0)$/)
        print "unwatched"
    split("", v)
}

what == "configuration" && !/^[ \t]*[#;]/ && !/^[ \t]*$/ {
    indented = $0 ~ /^[ \t]/
    line = trim($0)
    sub(/[ \t];.*$/, "", line)
    if (line ~ /^\[/) {
        end_section()
        sub(/^\[/, "", line)
        sub(/\].*$/, "", line)
        section = line
        sub(/[ \t].*$/, "", section)
        name = trim(substr(line, length(section) + 1))
        key = ""
    } else if (indented && line !~ /^[A-Za-z_-]+[ \t]*=([^=]|$)/) {
        if (key != "")
            add(key, line)
    } else if (match(line, /[=:]/)) {
        at = RSTART
        key = trim(substr(line, 1, at - 1))
        add(key, trim(substr(line, at + 1)))
    }
}

# --- headers: of the last answer, for those before it were redirects ---

what == "headers" && /^HTTP\// { etag = modified = "" }
what == "headers" && tolower($0) ~ /^etag:/ { etag = $0 }
what == "headers" && tolower($0) ~ /^last-modified:/ { modified = $0 }

function print_header(word, s, most) {
    sub(/^[^:]*:[ \t]*/, "", s)
    gsub(/[^ -~]/, "", s)
    if (s != "" && length(s) < most)
        print word " " s
}

# --- check: what is wrong, or `entries` and how many of them are used ---

what == "check" && /"note":"error"/ && wrong == "" {
    wrong = $0
    sub(/^.*"text":"/, "", wrong)
    sub(/"}$/, "", wrong)
}
what == "check" && /^\{"file":/ {
    checked = 1
    n = split("loaded duplicate ranges guards resolvers sinkholes", used, " ")
    for (i = 1; i <= n; i++)
        if (match($0, "\"" used[i] "\":[0-9]+"))
            sum += substr($0, RSTART + length(used[i]) + 3, RLENGTH - length(used[i]) - 3)
}

# --- index: FILE URL for each list. Only what these indexes have of YAML: a list of maps of words. ---

function scalar(s) {
    sub(/^[^:]*:[ \t]*/, "", s)
    sub(/[ \t]+#.*$/, "", s)
    sub(/[ \t]+$/, "", s)
    if (s ~ /^".*"$/ || s ~ /^\047.*\047$/)
        s = substr(s, 2, length(s) - 2)
    return s
}

function end_entry(  url, file) {
    if (!entry)
        return
    file = url = v["download_url"] != "" ? v["download_url"] : v["url"]
    if (v["type"] == "github") {
        url = github "/" v["owner"] "/" v["repo"] "/" (v["branch"] == "" ? "main" : v["branch"]) "/" v["path"]
        file = v["owner"] "-" v["repo"] "-" v["path"]
    }
    sub(/^https?:\/\//, "", file)
    gsub(/[^A-Za-z0-9_.-]+/, "-", file)
    sub(/^[-.]+/, "", file)
    file = substr(file, 1, 200)
    if (names[file]++) # other signs of the URL told them apart
        file = file "-" names[file]
    printf "%s\037%s\n", file, url
    split("", v)
}

what == "index" && !/^ *#/ && !/^ *$/ {
    indent = match($0, /[^ ]/) - 1
    if ($0 ~ /^indicators:/) {
        inside = 1
    } else if (inside && $0 ~ /^[^ -]/) {
        inside = 0
    } else if (inside) {
        if ($0 ~ /^ *-( |$)/ && (!entry || indent <= at)) {
            end_entry()
            entry = 1
            at = indent
            sub(/-/, " ")
        }
        if (match($0, /^ *(type|url|download_url|owner|repo|branch|path):/)) {
            word = trim($0)
            sub(/:.*$/, "", word)
            v[word] = scalar($0)
        }
    }
}

END {
    if (what == "configuration")
        end_section()
    if (what == "index")
        end_entry()
    if (what == "check" && checked)
        print wrong != "" ? wrong : sprintf("entries %.0f", sum)
    print_header("etag", etag, 256)
    print_header("modified", modified, 64)
}
