/* SPDX-License-Identifier: BSD-2-Clause */
/* A packet filter (pcap-filter(7)) over packets that were read from files. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "config.h"
#include "packet/capture.h"

#if HAVE_LIBPCAP

#include <pcap/pcap.h>

#define SNAPLEN_BYTES_MAX 262144

/* LINKTYPE_ of the file, DLT_ of libpcap: those of decode.c for which it makes filters. */
static const struct {
    uint32_t linktype;
    int dlt;
} links[] = {
    {1, DLT_EN10MB},
    {0, DLT_NULL},
    {12, DLT_RAW},
    {14, DLT_RAW},
    {101, DLT_RAW},
    {108, DLT_LOOP},
    {113, DLT_LINUX_SLL},
    {228, DLT_IPV4},
    {229, DLT_IPV6},
    {276, DLT_LINUX_SLL2},
    {6, DLT_IEEE802},
    {8, DLT_SLIP},
    {9, DLT_PPP},
    {10, DLT_FDDI},
    {50, DLT_PPP_SERIAL},
    {51, DLT_PPP_ETHER},
    {100, DLT_ATM_RFC1483},
    {104, DLT_C_HDLC},
    {105, DLT_IEEE802_11},
    {107, DLT_FRELAY},
    {109, DLT_ENC},
    {117, DLT_PFLOG},
    {119, DLT_PRISM_HEADER},
    {123, DLT_SUNATM},
    {127, DLT_IEEE802_11_RADIO},
    {143, DLT_DOCSIS},
    {163, DLT_IEEE802_11_RADIO_AVS},
    {192, DLT_PPI},
    {204, DLT_PPP_WITH_DIR},
    {226, DLT_IPNET},
    {239, DLT_NFLOG},
    {258, DLT_PKTAP},
};

#define LINKS (sizeof links / sizeof *links)

struct capture_select {
    struct bpf_program program[LINKS]; /* owned; without instructions: makes no sense on this link */
};

static bool compile(const char *filter, int dlt, struct bpf_program *ret, char *ret_why, size_t why_bytes)
{
    pcap_t *pcap = pcap_open_dead(dlt, SNAPLEN_BYTES_MAX);

    if (pcap == NULL)
        return false;
    bool good = pcap_compile(pcap, ret, filter, 1, PCAP_NETMASK_UNKNOWN) == 0;
    if (!good) {
        ret->bf_insns = NULL;
        if (ret_why[0] == 0)
            snprintf(ret_why, why_bytes, "filter: %s", pcap_geterr(pcap));
    }
    pcap_close(pcap);
    return good;
}

int capture_select_new(const char *filter, struct capture_select **ret, char *ret_why, size_t why_bytes)
{
    struct capture_select *s = calloc(1, sizeof *s);
    bool any = false;

    if (s == NULL)
        return -ENOMEM;
    ret_why[0] = 0;
    int r = capture_filter_words(filter, ret_why, why_bytes);
    for (size_t i = 0; i < LINKS && r == 0; i++)
        any |= compile(filter, links[i].dlt, &s->program[i], ret_why, why_bytes);
    if (r == 0 && any) {
        *ret = s;
        return 0;
    }
    capture_select_free(s);
    return r < 0 ? r : -EINVAL;
}

void capture_select_free(struct capture_select *s)
{
    for (size_t i = 0; s != NULL && i < LINKS; i++)
        if (s->program[i].bf_insns != NULL)
            pcap_freecode(&s->program[i]);
    free(s);
}

bool capture_select_passes(const struct capture_select *s, const struct packet *p)
{
    const struct pcap_pkthdr head = {.caplen = p->captured_bytes, .len = p->wire_bytes};

    for (size_t i = 0; i < LINKS; i++)
        if (links[i].linktype == p->linktype)
            return s->program[i].bf_insns != NULL && pcap_offline_filter(&s->program[i], &head, p->at) != 0;
    return false;
}

#else

int capture_select_new(const char *filter, struct capture_select **ret, char *ret_why, size_t why_bytes)
{
    snprintf(ret_why, why_bytes, "this build has no libpcap, and so no filters");
    return -ENOTSUP;
}

void capture_select_free(struct capture_select *s) {}

bool capture_select_passes(const struct capture_select *s, const struct packet *p)
{
    return false;
}

#endif
