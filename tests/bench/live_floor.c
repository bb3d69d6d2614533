/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench-live-floor IFACE [RING_BYTES [TIMEOUT_MS]]: the least that watching an interface through libpcap
 * costs. A TPACKET_V3 ring as bridled's, and a callback that only counts. Until SIGTERM; then prints the
 * counts as JSON.
 */
#include <pcap/pcap.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static pcap_t *pcap;

static void on_end(int number)
{
    pcap_breakloop(pcap);
}

static void on_packet(u_char *packets, const struct pcap_pkthdr *h, const u_char *at)
{
    ++*(unsigned long long *)(void *)packets;
}

int main(int argc, char **argv)
{
    char error[PCAP_ERRBUF_SIZE] = "";
    const struct sigaction end = {.sa_handler = on_end};
    unsigned long long packets = 0;
    struct pcap_stat lost = {0};

    if (argc < 2 || argc > 4) {
        fputs("Usage: bench-live-floor IFACE [RING_BYTES [TIMEOUT_MS]]\n", stderr);
        return 2;
    }
    pcap = pcap_create(argv[1], error);
    if (pcap == NULL) {
        fprintf(stderr, "%s: %s\n", argv[1], error);
        return 1;
    }
    pcap_set_snaplen(pcap, 262144);
    pcap_set_promisc(pcap, 1);
    pcap_set_buffer_size(pcap, argc > 2 ? atoi(argv[2]) : 4 << 20);
    pcap_set_timeout(pcap, argc > 3 ? atoi(argv[3]) : 100);
    pcap_set_tstamp_precision(pcap, PCAP_TSTAMP_PRECISION_NANO);
    int rc = pcap_activate(pcap);
    if (rc < 0) {
        fprintf(stderr, "%s: %s %s\n", argv[1], pcap_statustostr(rc), pcap_geterr(pcap));
        return 1;
    }
    sigaction(SIGTERM, &end, NULL);
    puts("ready");
    fflush(stdout);
    do
        rc = pcap_dispatch(pcap, -1, on_packet, (u_char *)&packets);
    while (rc >= 0);
    pcap_stats(pcap, &lost);
    printf("{\"packets\":%llu,\"dropped\":%u}\n", packets, lost.ps_drop);
    pcap_close(pcap);
    return rc == PCAP_ERROR_BREAK ? 0 : 1;
}
