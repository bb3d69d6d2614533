/* SPDX-License-Identifier: BSD-2-Clause */
/* Everything that can be configured: the one table behind bridled.conf, --help-config and bridled.conf(5). */
#ifndef BRIDLE_REPORT_SETTINGS_H
#define BRIDLE_REPORT_SETTINGS_H

#include "base/conf.h"
#include "config.h"
#include "report/settings_source.h"

#define MiB       (1024u * 1024u)
#define SECOND_NS 1000000000ull

/* Room that the worker has for them (worker/shm.h, packet/capture.h); the check refuses more. */
#define SETTINGS_INTERFACE_MAX 16 /* IFNAMSIZ, with the NUL */
#define SETTINGS_INTERFACES    16
#define SETTINGS_FILTER_MAX    1024
#define SETTINGS_HOMES         64
#define SETTINGS_PORTS         16

/* Defaults of limits: in the build for machines with little memory, in all others. Help says both. */
#if BRIDLE_SMALL
#define DEFAULT(small, usual) small
#else
#define DEFAULT(small, usual) usual
#endif

#define SETTINGS_EXCEPTIONS "/etc/bridle/exceptions.ioc"

/* X(section, key, field, type, default, least, most, choices, help) */
#define BRIDLE_SETTINGS(X)                                                                                   \
    X("capture", "interface", interfaces, LIST, "auto", 0, 0, NULL,                                          \
      "Interfaces to watch. `auto`: the LAN bridge where this machine forwards packets, else every "         \
      "physical interface that is up. `tzsp:PORT` and `tzsp:ADDRESS:PORT` (IPv6 in brackets) receive what "  \
      "a router sends in TZSP; name an address that only the router reaches.")                               \
    X("capture", "filter", filter, TEXT, "", 0, 0, NULL,                                                     \
      "Packet filter as in pcap-filter(7). Host names are refused. Empty: all packets.")                     \
    X("capture", "workers", workers, NUMBER, "1", 1, 64, NULL, "Worker processes for each interface.")       \
    X("capture", "promiscuous", promiscuous, BOOL, "yes", 0, 0, NULL,                                        \
      "Also take packets that are addressed to other machines.")                                             \
    X("capture", "snaplen", snaplen, SIZE, "0", 0, 262144, NULL,                                             \
      "Bytes kept of each packet; 0 keeps whole packets. Less than 2048 loses names.")                       \
    X("capture", "ring-size", ring_bytes, SIZE, DEFAULT("2MiB", "4MiB"), 524288, 1024 * MiB, NULL,           \
      "Kernel buffer of each worker, in blocks of 256 KiB; it takes its memory whether it is full or not. "  \
      "2MiB in the build for routers.")                                                                      \
    X("capture", "block-timeout", block_timeout, DURATION, "100ms", 1000000, 1 * SECOND_NS, NULL,            \
      "How long the kernel may hold packets back to hand them over together.")                               \
    X("capture", "busy-poll", busy_poll, DURATION, "0s", 0, 1 * SECOND_NS, NULL,                             \
      "How long a worker goes on asking for packets after the latest one before it sleeps. It wakes no "     \
      "later then, and takes a processor of its own for it. 0: it sleeps at once.")                          \
    X("network", "home", home, LIST, "auto", 0, 0, NULL,                                                     \
      "Addresses and prefixes of the clients that are watched over. `auto`: private ranges and the "         \
      "prefixes of this machine's inner interfaces.")                                                        \
    X("network", "dns-ports", dns_ports, LIST, "53 5353 5355", 0, 0, NULL,                                   \
      "UDP and TCP ports on which DNS is expected.")                                                         \
    X("rules", "path", rules, LIST, "default", 0, 0, NULL,                                                   \
      "Files and folders with indicators, in any supported format. `default`: the rules that came with the " \
      "program.")                                                                                            \
    X("rules", "exceptions", exceptions, TEXT, SETTINGS_EXCEPTIONS, 0, 0, NULL,                              \
      "File of exceptions of your own, as `!name until=2027-01-01 comment=\"why\"`; they count against all " \
      "lists. It need not be there.")                                                                        \
    X("rules", "watch", rules_watch, BOOL, "yes", 0, 0, NULL,                                                \
      "Load again by itself when files of `path`, `exceptions` or a source change.")                         \
    X("rules", "settle", rules_settle, DURATION, "5s", 100000000, 600 * SECOND_NS, NULL,                     \
      "How long nothing must have changed before that: files are often written one after the other.")        \
    X("alerts", "repeat-interval", repeat_interval, DURATION, "1h", 1 * SECOND_NS,                           \
      30ull * 86400 * SECOND_NS, NULL,                                                                       \
      "Repeated sightings of an incident are counted and summarised this often.")                            \
    X("alerts", "close-after", close_after, DURATION, "1d", 60 * SECOND_NS, 365ull * 86400 * SECOND_NS,      \
      NULL, "An incident is closed when nothing was sighted for this long.")                                 \
    X("alerts", "incidents-max", incidents_max, NUMBER, DEFAULT("8192", "65536"), 16, 16777216, NULL,        \
      "Open incidents that are kept; the oldest is closed for a new one. 8192 in the build for routers.")    \
    X("ageing", "address", age_address, DURATION, "90d", 0, 36500ull * 86400 * SECOND_NS, NULL,              \
      "So long after the latest date for which a source vouches for an address, alerts about it have the "   \
      "least severity, and say why: addresses change hands. Where no source gives a date, it is that on "    \
      "which the address was first loaded here; where that is not known either, it does not age. What its "  \
      "source listed until a date that has passed is aged at once. 0: never.")                               \
    X("ageing", "prefix", age_prefix, DURATION, "90d", 0, 36500ull * 86400 * SECOND_NS, NULL,                \
      "Likewise for prefixes.")                                                                              \
    X("ageing", "name", age_name, DURATION, "0s", 0, 36500ull * 86400 * SECOND_NS, NULL,                     \
      "Likewise for names.")                                                                                 \
    X("ageing", "certificate", age_certificate, DURATION, "0s", 0, 36500ull * 86400 * SECOND_NS, NULL,       \
      "Likewise for certificates.")                                                                          \
    X("ageing", "fingerprint", age_fingerprint, DURATION, "365d", 0, 36500ull * 86400 * SECOND_NS, NULL,     \
      "Likewise for fingerprints of clients (JA3, JA4).")                                                    \
    X("syslog", "enabled", syslog, BOOL, "yes", 0, 0, NULL, "Send alerts to the local syslog daemon.")       \
    X("syslog", "socket", syslog_socket, TEXT, "/dev/log", 0, 0, NULL, "Socket of the syslog daemon.")       \
    X("syslog", "facility", syslog_facility, CHOICE, "daemon", 0, 0,                                         \
      "kern user mail daemon auth syslog lpr news uucp cron authpriv ftp ntp audit console clock local0 "    \
      "local1 local2 local3 local4 local5 local6 local7",                                                    \
      "Facility of alerts.")                                                                                 \
    X("syslog", "severity", syslog_severity, LIST, "crit warning notice", 0, 0, NULL,                        \
      "Syslog severities of alerts of severity 1, 2 and 3.")                                                 \
    X("eve", "path", eve_path, TEXT, "", 0, 0, NULL,                                                         \
      "File for events as JSON lines (EVE); `-` is standard output, empty is none. Opened again on SIGHUP "  \
      "and SIGUSR1.")                                                                                        \
    X("eve", "observations", observe, BOOL, "no", 0, 0, NULL,                                                \
      "Also write every name and address that was seen. These are people's lives: off unless asked for.")    \
    X("eve", "stats-interval", stats_interval, DURATION, "0s", 0, 86400 * SECOND_NS, NULL,                   \
      "How often counters, and what was visible of which client, are written as a `stats` event; 0: never. " \
      "A replay writes one at its end.")                                                                     \
    X("daemon", "user", user, TEXT, "bridle", 0, 0, NULL, "User to become when started as root.")            \
    X("daemon", "control-socket", control_socket, TEXT, "/run/bridle/control", 0, 0, NULL,                   \
      "Where bridlectl finds the daemon.")                                                                   \
    X("daemon", "control-group", control_group, TEXT, "", 0, 0, NULL,                                        \
      "Group whose members may use bridlectl, besides root and our own user.")                               \
    X("daemon", "state", state_dir, TEXT, "/var/lib/bridle", 0, 0, NULL,                                     \
      "Folder for open incidents, so that a restart does not alert again. Empty: none.")                     \
    X("daemon", "sensor", sensor, TEXT, "", 0, 0, NULL,                                                      \
      "Name of this sensor in events. Empty: the host name.")                                                \
    X("limits", "flow-cache", flow_entries_log2, NUMBER, DEFAULT("11", "14"), 8, 20, NULL,                   \
      "Entries of the flow cache, as a power of two; 14 stays in a processor's L2 cache. 11 in the build "   \
      "for routers.")                                                                                        \
    X("limits", "streams", streams, NUMBER, DEFAULT("32", "512"), 8, 65536, NULL,                            \
      "TCP streams whose first bytes are held at once. 32 in the build for routers.")                        \
    X("limits", "stream-bytes", stream_bytes_max, SIZE, "64k", 4096, 262144, NULL,                           \
      "Bytes held of one stream.")                                                                           \
    X("limits", "fragments", fragments, NUMBER, DEFAULT("16", "64"), 1, 65536, NULL,                         \
      "Fragmented datagrams that are put together at once. 16 in the build for routers.")                    \
    X("limits", "watched-flows", watches, NUMBER, DEFAULT("256", "1024"), 16, 1048576, NULL,                 \
      "Flows that matched and whose bytes are followed. 256 in the build for routers.")                      \
    X("limits", "learned-addresses", learned, NUMBER, DEFAULT("1024", "4096"), 16, 1048576, NULL,            \
      "Addresses learned from DNS answers for listed names. 1024 in the build for routers.")                 \
    X("limits", "indicators", indicators_max, NUMBER, "20000000", 1000, 1000000000, NULL,                    \
      "Indicators, hosting ranges and resolvers that the rules may have; what lies beyond is told and not "  \
      "read.")                                                                                               \
    X("limits", "loader-memory", loader_bytes_max, SIZE, "1GiB", 64 * MiB, 65536ull * MiB, NULL,             \
      "Memory that reading the rules may take besides the image that comes of it, and never more than half " \
      "of the machine's. Rules that need more are refused: those in use stay.")

#define SETTINGS_TEXT     char *
#define SETTINGS_LIST     struct conf_list
#define SETTINGS_BOOL     bool
#define SETTINGS_NUMBER   uint64_t
#define SETTINGS_SIZE     uint64_t
#define SETTINGS_DURATION uint64_t
#define SETTINGS_CHOICE   uint32_t

struct settings {
#define X(section, key, field, type, deflt, least, most, choices, help) SETTINGS_##type field;
    BRIDLE_SETTINGS(X)
#undef X
    struct conf_named_list sources; /* of struct settings_source */
};

#define X(...) +1
enum { SETTINGS_KEYS = BRIDLE_SETTINGS(X) + 1 }; /* and [source NAME] */
#undef X

extern const struct conf_key settings_keys[];
extern const size_t settings_count;
extern const struct conf_group settings_source_group;

static inline const struct settings_source *settings_source(const struct settings *s, size_t i)
{
    return (const struct settings_source *)s->sources.at + i;
}

/* Where its list lies: `path`, or what follows from its name. False: it does not fit. */
bool settings_source_path(const struct settings_source *source, char *ret, size_t bytes);

/* Checks what no single key can say: ports, prefixes, severities, what contradicts itself; tells each
 * problem, with a hint. 0, or -EINVAL when one of them is an error. */
int settings_check(const struct settings *s, conf_problem_fn problem, void *ctx);

#endif
