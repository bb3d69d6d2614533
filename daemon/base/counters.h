/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The worker's counters: one row makes the counter, its name in status and stats events, and its help text.
 * A worker owns its array (in its shared status page) and only ever adds to it; main sums the workers.
 */
#ifndef BRIDLE_BASE_COUNTERS_H
#define BRIDLE_BASE_COUNTERS_H

#include <stdint.h>

/* X(identifier, "group.name", "what it counts") */
#define BRIDLE_COUNTERS(X)                                                                                   \
    X(PACKETS, "capture.packets", "packets read")                                                            \
    X(BYTES, "capture.bytes", "bytes of those packets on the wire")                                          \
    X(KERNEL_DROPS, "capture.kernel_drops", "packets that the kernel dropped because the worker was late")   \
    X(FOREIGN, "capture.foreign", "datagrams that came to a TZSP receiver and are no TZSP")                  \
    X(COMPARED, "capture.compared", "packets of which a copy would have been told")                          \
    X(DUPLICATES, "capture.duplicates", "packets delivered twice by a mirror port, counted once")            \
    X(CUT, "capture.cut", "packets shortened by the snapshot length")                                        \
    X(DECODE_TCP, "decode.tcp", "packets decoded down to TCP")                                               \
    X(DECODE_UDP, "decode.udp", "packets decoded down to UDP")                                               \
    X(DECODE_OTHER, "decode.other", "IP packets of other protocols")                                         \
    X(DECODE_NOT_IP, "decode.not_ip", "frames that carry no IP")                                             \
    X(DECODE_UNKNOWN_LINK, "decode.unknown_link", "packets of a link type that is not decoded")              \
    X(DECODE_BAD, "decode.bad", "packets whose headers contradict themselves")                               \
    X(DECODE_SHORT, "decode.short", "packets whose headers were cut off")                                    \
    X(DECODE_DEPTH, "decode.too_deep", "packets nested deeper than the limit")                               \
    X(FRAGMENTS, "decode.fragments", "IP fragments")                                                         \
    X(FRAGMENTS_DONE, "decode.fragments_done", "datagrams put together from fragments")                      \
    X(FRAGMENTS_LOST, "decode.fragments_lost", "datagrams given up: timeout, or a limit was hit")            \
    X(FRAGMENTS_CONFLICT, "decode.fragments_conflict", "datagrams whose fragments overlapped and disagreed") \
    X(FLOW_EVICTED, "flow.evicted", "flow cache entries overwritten while in use")                           \
    X(FLOW_FORGOTTEN, "flow.forgotten", "openings of connections overwritten before data came")              \
    X(FLOW_REFUSED, "flow.refused", "flows not kept because nothing lower could be evicted")                 \
    X(STREAMS, "stream.opened", "streams whose bytes were held")                                             \
    X(STREAM_LIMIT, "stream.limit", "streams given up at a limit of bytes, segments or count")               \
    X(STREAM_CONFLICT, "stream.conflict", "overlapping segments that disagreed")                             \
    X(STREAM_MIDSTREAM, "stream.midstream", "names found in streams whose start was not seen")               \
    X(STREAM_GAP, "stream.gap", "streams given up because bytes never came")                                 \
    X(STREAM_ORPHAN, "stream.orphan_lost", "early segments without their start, overwritten before it came") \
    X(DNS, "proto.dns", "DNS messages")                                                                      \
    X(DNS_BAD, "proto.dns_bad", "malformed DNS messages")                                                    \
    X(TLS, "proto.tls", "ClientHello messages, of QUIC and DTLS too")                                        \
    X(TLS_NO_SNI, "proto.tls_no_sni", "ClientHello messages without a server name")                          \
    X(TLS_BAD, "proto.tls_bad", "malformed ClientHello messages")                                            \
    X(TLS_CERT, "proto.tls_certificates", "certificates of servers")                                         \
    X(TLS_CERT_BAD, "proto.tls_certificates_bad", "malformed certificates and Certificate messages")         \
    X(QUIC, "proto.quic", "QUIC Initial packets of clients that were opened")                                \
    X(QUIC_BAD, "proto.quic_bad", "QUIC Initial packets whose tag was wrong, or that were malformed")        \
    X(QUIC_LIMIT, "proto.quic_limit", "QUIC Initial packets not opened because a limit was hit")             \
    X(QUIC_VERSION, "proto.quic_version", "QUIC packets of versions whose keys are not known")               \
    X(HTTP, "proto.http", "HTTP requests and responses")                                                     \
    X(HTTP_BAD, "proto.http_bad", "malformed HTTP messages")                                                 \
    X(PREAMBLE, "proto.preamble", "messages of protocols that lead to TLS: STARTTLS, SOCKS, PROXY")          \
    X(LEARNED, "learned.added", "addresses learned from answers for listed names")                           \
    X(LEARNED_LIMIT, "learned.limit", "learned addresses not kept because a limit was hit")                  \
    X(LEARNED_SUSPENDED, "learned.suspended",                                                                \
      "learned addresses suspended: too many clients that never asked")                                      \
    X(LEARNED_OVERRULED, "learned.overruled", "flows to learned addresses that showed another name")         \
    X(VISIBLE_SNI, "visible.sni", "new flows named by a TLS server name")                                    \
    X(VISIBLE_QUIC, "visible.quic", "new flows named by a QUIC server name")                                 \
    X(VISIBLE_HTTP, "visible.http", "new flows named by an HTTP host")                                       \
    X(VISIBLE_OTHER, "visible.other", "new flows named otherwise: DTLS, the target asked of a proxy")        \
    X(VISIBLE_DNS_ADDRESS, "visible.dns_address",                                                            \
      "new flows without a name, to an address that DNS in clear gave within a day")                         \
    X(VISIBLE_OUTER, "visible.outer", "new flows that showed only the outer name of an encrypted hello")     \
    X(VISIBLE_NAMELESS, "visible.nameless", "new flows without a name, to an address that DNS did not give") \
    X(VISIBLE_DNS, "visible.dns", "minutes in which a client asked DNS in clear, summed over clients")       \
    X(VISIBLE_ENCRYPTED_DNS, "visible.encrypted_dns",                                                        \
      "minutes in which a client connected to encrypted DNS, summed over clients")                           \
    X(VISIBLE_DOT, "visible.dot", "new flows of DNS over TLS")                                               \
    X(VISIBLE_DOQ, "visible.doq", "new flows of DNS over QUIC")                                              \
    X(VISIBLE_DOH, "visible.doh", "new flows to known resolvers of DNS over HTTPS")                          \
    X(OBSERVATIONS, "match.observations", "names and addresses looked up")                                   \
    X(SIGHTINGS, "match.sightings", "observations that matched an indicator")                                \
    X(WATCH_LIMIT, "match.watch_limit", "matched flows whose bytes could not be followed: limit hit")        \
    X(RING_SIGHTINGS_LOST, "ring.sightings_lost", "sightings lost because main was late")                    \
    X(RING_OBSERVATIONS_LOST, "ring.observations_lost", "observations lost because main was late")

enum counter {
#define X(id, name, help) COUNT_##id,
    BRIDLE_COUNTERS(X)
#undef X
        COUNTERS
};

struct counter_info {
    const char *name, *help;
};

extern const struct counter_info counter_infos[COUNTERS];

#endif
