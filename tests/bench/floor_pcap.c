/* SPDX-License-Identifier: BSD-2-Clause */
/* The floor of everybody who reads captures through libpcap: a callback that does nothing. */
#include "config.h"

#include "floor.h"

#if HAVE_LIBPCAP
#include <pcap/pcap.h>

static void ignore(u_char *ctx, const struct pcap_pkthdr *header, const u_char *bytes)
{
    struct floor_count *c = (struct floor_count *)(void *)ctx;

    c->packets++;
    c->bytes += header->len;
}

void floor_pcap(const char *path, struct floor_count *ret)
{
    char why[PCAP_ERRBUF_SIZE];
    pcap_t *pcap = pcap_open_offline(path, why);

    if (pcap == NULL)
        floor_fail(path, why);
    if (pcap_loop(pcap, -1, ignore, (u_char *)ret) < 0)
        floor_fail(path, pcap_geterr(pcap));
    pcap_close(pcap);
}
#else
void floor_pcap(const char *path, struct floor_count *ret)
{
    floor_fail(path, "built without libpcap");
}
#endif
