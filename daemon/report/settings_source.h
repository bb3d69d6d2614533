/* SPDX-License-Identifier: BSD-2-Clause */
/* What a section `[source NAME]` says of a list of indicators. */
#ifndef BRIDLE_REPORT_SETTINGS_SOURCE_H
#define BRIDLE_REPORT_SETTINGS_SOURCE_H

#include "base/conf.h"

#define SOURCES_MAX 256

/* Where bridle-update puts a source whose section names a URL and no path: there, under the source's name. */
#define SOURCES_DIR "/var/lib/bridle-feeds"

/* The `format` of an index, of which bridle-update makes a folder of lists. */
#define SOURCE_FORMAT_INDEX "mvt-index"

/* As the choices of the keys; the first of each stands for what is right mostly. */
enum source_trust { SOURCE_TRUST_AUTO, SOURCE_TRUST_FULL, SOURCE_TRUST_INDICATORS, SOURCE_TRUST_LOW };
enum { SOURCE_TIER_AUTO }; /* those after it: enum tier + 1 */

/* X(key, field, type, default, least, most, choices, help) */
#define BRIDLE_SOURCE_SETTINGS(X)                                                                            \
    X("path", path, TEXT, "", 0, 0, NULL,                                                                    \
      "File or folder with the list, in any supported format, perhaps packed by gzip or xz. With a `url`: "  \
      "where bridle-update puts it; empty: /var/lib/bridle-feeds and the name of the source.")               \
    X("url", url, TEXT, "", 0, 0, NULL,                                                                      \
      "Where bridle-update(8) fetches the list. The daemon itself never fetches anything. An index of MVT "  \
      "(indicators.yaml) stands for all lists in it: path is then a folder.")                                \
    X("format", format, TEXT, "auto", 0, 0, NULL,                                                            \
      "Name of the format; `auto`: by content. `bridlectl check` tells which it is. `mvt-index`: the url "   \
      "is "                                                                                                  \
      "that of an index, even if it does not look like one.")                                                \
    X("columns", columns, TEXT, "", 0, 0, NULL,                                                              \
      "Of CSV whose first line does not name its columns: what they are, as `value,type,campaign,-`.")       \
    X("campaign", campaign, TEXT, "", 0, 0, NULL,                                                            \
      "Whose infrastructure it is, for entries that do not say. Empty: the name of the source; in a "        \
      "folder, "                                                                                             \
      "the name of the file.")                                                                               \
    X("tier", tier, CHOICE, "auto", 0, 0, "auto unknown infection c2 validation delivery watering-hole",     \
      "What the hosts are for, and so how grave contact with them is, for entries that do not say. `auto`: " \
      "unknown.")                                                                                            \
    X("trust", trust, CHOICE, "auto", 0, 0, "auto full indicators low",                                      \
      "`full`: may also hold exceptions, guards, resolvers and sinkholes, which switch off alerts of other " \
      "lists. `indicators`: only indicators and hosting ranges count. `low`: likewise, and alerts are one "  \
      "severity lower. `auto`: indicators with a url, else full.")                                           \
    X("allow", allow, LIST, "", 0, 0, NULL,                                                                  \
      "Names and addresses that are left out of this source, with all that is below them.")                  \
    X("force", force, LIST, "", 0, 0, NULL,                                                                  \
      "Names and addresses of this source that are loaded although a guard says that they are too broad.")   \
    X("hosting", hosting, TEXT, "", 0, 0, NULL,                                                              \
      "For lists of address ranges: the hoster, if the list does not name it.")                              \
    X("sha256", sha256, TEXT, "", 0, 0, NULL,                                                                \
      "SHA-256 digest in hexadecimal that the file must have: bridle-update takes no other one.")            \
    X("minisign", minisign, TEXT, "", 0, 0, NULL,                                                            \
      "Public key of minisign or signify (one line, begins with `RW`), with which the file must be signed; " \
      "the signature is fetched from the url with .minisig or .sig added.")                                  \
    X("interval", interval, DURATION, "12h", 300 * SECOND_NS, 30ull * 86400 * SECOND_NS, NULL,               \
      "How long bridle-update leaves the source alone after it asked for it.")                               \
    X("max-size", bytes_max, SIZE, "64MiB", 1024, 4096ull * MiB, NULL,                                       \
      "Size of file above which bridle-update does not take it.")

struct settings_source {
    struct conf_named named; /* name; line */
    char *path, *url, *format, *columns, *campaign, *hosting, *sha256, *minisign;
    uint32_t tier, trust;
    struct conf_list allow, force;
    uint64_t interval, bytes_max;
};

#endif
