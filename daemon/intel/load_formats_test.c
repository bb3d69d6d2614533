/* SPDX-License-Identifier: BSD-2-Clause */
/* data table */
/* Every format is known by its content and no other takes its files; what their lines mean. */
#include "intel/load_test.h"

#include "config.h"
#include "intel/load_entry.h"

/* Names and addresses that must be found, alone or with what is below them, and such that must not be. */
struct sample {
    const char *format, *name, *text;
    unsigned loaded, quarantined, not_network, malformed;
    const char *wide, *exact, *address, *none; /* values, separated by blanks */
};

static const struct sample samples[] = {
    {"ioc", "rules.ioc",
     "# bridle-ioc 1\n@campaign X\na.example\n=b.example\n!c.a.example comment=\"theirs\"\n", 3, 0, 0, 0,
     "a.example", "b.example", "", "c.a.example"},
    {"ioc", "bare.txt", "a.example tier=c2\n=b.example\n192.0.2.1\n", 3, 0, 0, 0, "a.example", "b.example",
     "192.0.2.1", ""},
    {"stix", "bundle.json",
     "{\"type\": \"bundle\", \"id\": \"bundle--1\", \"objects\": [{\"type\": \"indicator\", \"id\": "
     "\"indicator--1\", \"pattern\": \"[domain-name:value='a.example']\", \"pattern_type\": \"stix\", "
     "\"valid_from\": \"2020-01-01T00:00:00Z\"}]}",
     1, 0, 0, 0, "a.example", "", "", ""},
    {"misp", "event.json",
     "{\"Event\": {\"info\": \"X\", \"Attribute\": [{\"type\": \"domain\", \"value\": \"a.example\", "
     "\"to_ids\": true}]}}",
     1, 0, 0, 0, "a.example", "", "", ""},
    {"misp-warninglist", "list.json",
     "{\"name\": \"List\", \"version\": 1, \"description\": \"d\", \"type\": \"hostname\", \"list\": "
     "[\"shared.example\"]}",
     0, 0, 0, 0, "", "", "", "shared.example"},
    {"ip-ranges", "ip-ranges.json",
     "{\"syncToken\": \"1\", \"createDate\": \"x\", \"prefixes\": [{\"ip_prefix\": \"192.0.2.0/24\", "
     "\"region\": \"GLOBAL\", \"service\": \"AMAZON\", \"network_border_group\": \"GLOBAL\"}], "
     "\"ipv6_prefixes\": []}",
     0, 0, 0, 0, "", "", "", "192.0.2.1"},
    {"plain", "list.txt", "# Title: a list\na.example\n192.0.2.1\nb.example # comment\n", 3, 0, 0, 0,
     "a.example b.example", "", "192.0.2.1", ""},
    {"plain", "dated.txt", "; updated 2024-01-01\nevil[.]example\nhxxp://c[.]example/\n", 2, 0, 0, 0,
     "evil.example c.example", "", "", ""},
    {"hosts", "late.txt", "a.example\nb.example\n0.0.0.0 c.example d.example\n", 4, 0, 0, 0,
     "c.example d.example", "", "", ""},
    {"hosts", "hosts",
     "# StevenBlack\n127.0.0.1 localhost\n127.0.0.1 localhost.localdomain\n255.255.255.255 broadcasthost\n"
     "::1 ip6-localhost ip6-loopback\nfe80::1%lo0 localhost\nff02::1 ip6-allnodes\n0.0.0.0 0.0.0.0\n"
     "0.0.0.0 a.example b.example # why\n0.0.0.0 c.example\n127.0.0.1\td.example\n:: e.example\n"
     "0 f.example\ng.example\n192.0.2.7 h.example\n",
     7, 1, 0, 0, "a.example b.example c.example d.example e.example f.example g.example", "", "",
     "h.example localhost"},
    {"adblock", "filter.txt",
     "[Adblock Plus 2.0]\n! Title: x\n! https://list.example/license\n||a.example^\n||b.example^$important\n"
     "||c.example^$all\n||d.example^$third-party\n||e.example^$doc,popup\n@@||ok.a.example^\n"
     "||*.f.example^\n||g.example/path^\n/ads?[0-9]/\nh.example##.banner\n##.ad\n|i.example^\n"
     "||j*.example^\n|https://k.example^\n||192.0.2.9^\n||l.example^$badfilter\n",
     9, 5, 2, 0, "a.example b.example c.example e.example f.example", "i.example k.example", "192.0.2.9",
     "d.example ok.a.example g.example l.example"},
    {"adblock", "adguard.txt", "! made by us\n||a.example^\n0.0.0.0 b.example\nc.example\n@@||d.a.example^\n",
     4, 0, 0, 0, "a.example b.example c.example", "", "", "d.a.example"},
    {"dnsmasq", "block.conf",
     "# comment\naddress=/a.example/0.0.0.0\naddress=/b.example/c.example/::\nserver=/d.example/\n"
     "local=/e.example/ # why\nserver=/corp.example/192.0.2.53\naddress=/f.example/#\naddress=/g.example/\n"
     "ipset=/h.example/i.example/spyware\nnftset=/j.example/4#inet#t#s\nserver=/ok.a.example/#\n"
     "address=/#/192.0.2.1\ncache-size=1000\nno-resolv\naddress=/nas.example/192.0.2.5\n"
     "host-record=one.example,0.0.0.0,::\nbogus-nxdomain=198.51.100.7\naddress=/cut.example\n",
     13, 3, 2, 1,
     "a.example b.example c.example d.example e.example f.example g.example h.example i.example j.example",
     "one.example", "198.51.100.7", "corp.example nas.example ok.a.example cut.example"},
    {"unbound", "block.conf",
     "server:\n  # comment\n  local-zone: \"a.example\" always_nxdomain\n"
     "  local-zone: \"b.example.\" redirect\n  local-data: \"b.example. A 0.0.0.0\"\n"
     "  local-zone: \"c.example\" transparent\n  local-data: \"c.example. A 0.0.0.0\"\n"
     "  local-data: \"c.example. AAAA ::\"\n  local-data: \"nas.example A 192.0.2.5\"\n"
     "  local-zone: \"ok.a.example\" always_transparent\n  local-zone: d.example static\n"
     "  local-zone: \"e.example\" strange\n  interface: 0.0.0.0\n  local-zone:\"f.example\" "
     "always_nxdomain\n",
     6, 1, 1, 1, "a.example b.example d.example f.example", "c.example", "",
     "nas.example ok.a.example e.example"},
    {"nftset", "set.nft",
     "#!/usr/sbin/nft -f\ntable inet t {\n\tset s {\n\t\ttype ipv4_addr\n\t\telements = { 192.0.2.1,\n"
     "\t\t\t     192.0.2.2 timeout 1d, 198.51.100.0/24 }\n\t}\n}\nadd element inet t six {\n"
     "\t2001:db8:1::1,\n\t192.0.2.5-192.0.2.9,\n}\n",
     4, 0, 0, 1, "", "", "192.0.2.1 192.0.2.2 198.51.100.77 2001:db8:1::1", "192.0.2.7"},
    {"nftset", "set.conf",
     "define bad = { 192.0.2.1, 192.0.2.2 }\nadd element ip t s { 192.0.2.3 comment \"no, 192.0.2.4 }\", "
     "192.0.2.5 }\n",
     4, 0, 0, 0, "", "", "192.0.2.1 192.0.2.2 192.0.2.3 192.0.2.5", "192.0.2.4"},
    {"zeek-intel", "intel.dat",
     "#separator "
     "\\x09\n#fields\tindicator_type\tindicator\tmeta.desc\tmeta.source\tmeta.url\tmeta.do_notice\n"
     "Intel::DOMAIN\ta.example\tPhantom\tLab\thttps://lab.example/1\tT\n"
     "Intel::DOMAIN\td\\x2De.exam\\x70le\ta\\x09b\tLab\t-\tT\n"
     "Intel::ADDR\t192.0.2.1\t-\tLab\t-\tF\nIntel::SUBNET\t198.51.100.0/24\t-\tLab\t-\tT\n"
     "Intel::URL\tb.example/path\t-\tLab\t-\tT\nIntel::URL\tc.example\t-\tLab\t-\tT\n"
     "Intel::EMAIL\tx@y.example\t-\tLab\t-\tT\nIntel::FILE_HASH\tabc\t-\tLab\t-\tT\n"
     "Intel::CERT_HASH\t0123456789abcdef0123456789abcdef01234567\t-\tLab\t-\tT\nshort\n",
     6, 1, 2, 1, "a.example c.example d-e.example", "", "192.0.2.1 198.51.100.9", "b.example"},
    {"csv", "header.csv",
     "type,indicator,app\ndomain,a.example,Phantom\ndomain,b.example,\"Phan\"\"tom, Inc\"\n"
     "ipv4,192.0.2.1,Phantom\ndomain,https://host.example/me,Phantom\nsha256,00,Phantom\n\n,,\n",
     3, 1, 1, 1, "a.example b.example", "", "192.0.2.1", "host.example"},
    {"csv", "misp.csv",
     "uuid,event_id,category,type,value,comment,to_ids,date\n"
     "1,2,Network activity,domain,\"a.example\",\"two\nlines\",1,20160824\n"
     "1,2,Network activity,ip-dst,\"192.0.2.1\",\"\",1,20160824\n"
     "1,2,Network activity,domain,\"b.example\",\"\",0,20160824\n"
     "1,2,Network activity,domain|ip,\"c.example|192.0.2.2\",\"\",1,20160824\n"
     "1,2,Network activity,ip-dst|port,\"192.0.2.3|443\",\"\",1,20160824\n"
     "1,2,Payload delivery,md5,\"x\",\"\",1,20160824\n",
     5, 0, 1, 0, "a.example c.example", "", "192.0.2.1 192.0.2.2 192.0.2.3", "b.example"},
    {"csv", "semicolons.csv",
     "Domain;Relevant resolution;Relevant date\r\na.example;192.0.2.1;\"March 3rd, 2015\"\n", 2, 0, 0, 0,
     "a.example", "", "192.0.2.1", ""},
    {"csv", "bare.tsv", "2020-01-01\ta.example\t192.0.2.1\n2020-01-02\tb.example\t192.0.2.2; 192.0.2.3\n", 5,
     0, 0, 0, "a.example b.example", "", "192.0.2.1 192.0.2.2 192.0.2.3", ""},
    {"csv", "abuse.csv",
     "# comment\n# \"first_seen_utc\",\"dst_ip\",\"dst_port\",\"malware\"\n"
     "\"2021-01-01 10:00:00\",\"192.0.2.1\",\"443\",\"X\"\n",
     1, 0, 0, 0, "", "", "192.0.2.1", ""},
    {"csv", "open.csv", "domain,comment\na.example,\"never closed\nb.example,x\nc.example,y\n", 3, 0, 0, 1,
     "a.example b.example c.example", "", "", ""},
    {"geofeed", "geofeed.csv", "192.0.2.0/24,NL,NL-NH,Amsterdam,1\n198.51.100.0/24,US,US-CA,X,\n", 0, 0, 0, 0,
     "", "", "", "192.0.2.1"},
    {"none", "page.html",
     "<!DOCTYPE html>\n<html><head><title>404, domain, type</title></head>\n<p>a.example, b</p>\n", 0, 0, 0,
     0, "", "", "", "a.example"},
    {"none", "dns.log", "#separator \\x09\n#fields\tts\tuid\thost\n1\tC\ta.example\n", 0, 0, 0, 0, "", "", "",
     "a.example"},
    {"suricata-rules", "some.rules",
     "alert dns $HOME_NET any -> any any (msg:\"one\"; dns.query; content:\"a.example\"; depth:9; nocase; "
     "endswith; fast_pattern; reference:url,lab.example/1; metadata: created_at 2020_01_31, malware_family "
     "Phantom; sid:1; rev:1;)\n"
     "alert dns any any -> any any (msg:\"below too\"; dns_query; dotprefix; content:\".b.example\"; nocase; "
     "endswith; sid:2;)\n"
     "alert tls any any -> $EXTERNAL_NET 443 (msg:\"bsize\"; tls.sni; bsize:9; content:\"c.example\"; "
     "sid:3;)\n"
     "alert http any any -> any any (msg:\"modifier\"; flow:established,to_server; content:\"d|2e|example\"; "
     "http_host; isdataat:!1,relative; sid:4;)\n"
     "alert http any any -> any any (msg:\"and a path\"; http.host; content:\"e.example\"; endswith; "
     "http.uri; content:\"/x\"; sid:5;)\n"
     "alert dns any any -> any any (msg:\"not\"; dns.query; content:!\"f.example\"; endswith; sid:6;)\n"
     "alert dns any any -> any any (msg:\"pcre\"; dns.query; content:\"g.example\"; endswith; pcre:\"/^x/\"; "
     "sid:7;)\n"
     "alert dns any any -> any any (msg:\"part\"; dns.query; content:\"h.example\"; startswith; sid:8;)\n"
     "alert ip $HOME_NET any -> [192.0.2.1, 198.51.100.0/24] any (msg:\"addresses\"; sid:9;)\n"
     "alert tcp $HOME_NET any -> 203.0.113.7 8443 (msg:\"port\"; sid:10;)\n"
     "#alert dns any any -> any any (msg:\"off\"; dns.query; content:\"i.example\"; bsize:9; sid:11;)\n"
     "# alert dns any any -> any any (msg:\"off\"; dns.query; content:\"j.example\"; bsize:9; sid:12;)\n"
     "# a comment\n"
     "alert dns any any -> any any \\\n  (msg:\"a \\\"quote\\; here\\\"\"; dns.query; \\\n  "
     "content:\"k.example\"; bsize:9; sid:13;)\n"
     "pass dns any any -> any any (msg:\"ok\"; dns.query; dotprefix; content:\".ok.b.example\"; endswith; "
     "sid:14;)\n"
     "alert tls any any -> any any (msg:\"cert\"; tls.cert_fingerprint; "
     "content:\"01:23:45:67:89:ab:cd:ef:01:23:45:67:89:ab:cd:ef:01:23:45:67\"; sid:15;)\n"
     "alert tls any any -> any any (msg:\"ja3\"; ja3.hash; content:\"0123456789abcdef0123456789abcdef\"; "
     "sid:16;)\n"
     "alert tcp any any -> any any (msg:\"bytes\"; content:\"|03|www\"; sid:17;)\n"
     "alert dns any any -> any any (msg:\"no end; dns.query; content:\"l.example\"\n"
     "alert dns any any -> [192.0.2.9] any (msg:\"both\"; dns.query; content:\"m.example\"; bsize:9; "
     "sid:18;)\n",
     11, 6, 0, 1, "b.example d.example", "a.example c.example k.example",
     "192.0.2.1 198.51.100.9 203.0.113.7",
     "e.example f.example g.example h.example i.example j.example l.example m.example ok.b.example "
     "192.0.2.9"},
    {"suricata-rules", "simple.rules",
     "alert dns any any -> any any (msg:\"any place\"; dns.query; content:\"a.example\"; nocase; sid:1;)\n"
     "alert udp any any -> any 53 (msg:\"as DNS writes it\"; content:\"|01 00 00 01 00 00 00 00 00 00|\"; "
     "depth:10; offset:2; content:\"|01|b|07|example|00|\"; nocase; distance:0; fast_pattern; sid:2;)\n"
     "alert udp any any -> any 53 (msg:\"older\"; content:\"|01|\"; offset:2; depth:1; content:\"|00 01 00 "
     "00 "
     "00 00 00|\"; distance:1; within:7; content:\"|01|c|07|example|00|\"; nocase; sid:3;)\n"
     "alert tcp any any -> [192.0.2.1,192.0.2.3] 443 (msg:\"port\"; sid:4;)\n"
     "alert dns any any -> any any (msg:\"middle\"; dns.query; content:\"d.example.\"; sid:5;)\n"
     "alert udp any any -> any 53 (msg:\"no root\"; content:\"|01|e|07|example\"; sid:6;)\n"
     "alert udp any any -> 192.0.2.2 53 (msg:\"bytes\"; content:\"|01|\"; offset:2; depth:1; sid:7;)\n"
     "alert dns any any -> any any (msg:\"two\"; dns.query; content:\"f.example\"; content:\"g.example\"; "
     "sid:8;)\n",
     5, 4, 0, 0, "a.example b.example c.example", "", "192.0.2.1 192.0.2.3",
     "d.example e.example f.example g.example 192.0.2.2"},
#if HAVE_LDNS
    {"rpz", "spyware.rpz",
     "$TTL 1h\n$ORIGIN rpz.lab.example.\n@ IN SOA localhost. root.localhost. (\n 1 ; serial\n 2 3 4 5 )\n"
     "  IN NS localhost.\na.example CNAME .\n*.a.example CNAME .\nb.example 300 IN CNAME *. ; why\n"
     "*.c.example IN 60 CNAME rpz-drop.\nD.example.rpz.lab.example. CNAME .\n*.d.example CNAME .\n"
     "e.example A 192.0.2.200\n  AAAA 2001:db8:1::9\nok.a.example CNAME rpz-passthru.\n"
     "*.ok.a.example CNAME rpz-passthru\none.a.example CNAME rpz-passthru.\n"
     "*.old.a.example CNAME *.old.a.example.\nf.example CNAME rpz-tcp-only.\n"
     "32.1.2.0.192.rpz-ip CNAME .\n24.0.100.51.198.rpz-ip CNAME .\n48.zz.1.db8.2001.rpz-ip CNAME .\n"
     "128.1.zz.2.db8.2001.rpz-ip CNAME .\n32.9.2.0.192.rpz-client-ip CNAME .\nns.example.rpz-nsdname CNAME "
     ".\n"
     "g.example.elsewhere. CNAME .\n$INCLUDE /etc/passwd\nh.example TYPE65280 \\# 0\n"
     "$ORIGIN example.rpz.lab.example.\ni CNAME .\n*.i CNAME .\nw WKS 10.0.0.1 TCP telnet\n"
     "garden CNAME walled.garden.example.\n",
     13, 2, 4, 1, "a.example c.example d.example i.example", "b.example e.example garden.example",
     "192.0.2.1 198.51.100.9 2001:db8:1::5 2001:db8:2::1",
     "ok.a.example f.example g.example x.old.a.example"},
    {"rpz", "short.zone", "a.example CNAME .\n*.a.example CNAME .\nb.example CNAME .\n", 2, 0, 0, 0,
     "a.example", "b.example", "", ""},
#endif
    {"suricata-dataset", "names.lst",
     "YS5leGFtcGxl\nYmIuZXhhbXBsZQ==\nY2NjLmV4YW1wbGU=,5\nMTkyLjAuMi4x\nplain.example\n", 5, 0, 0, 0,
     "a.example bb.example ccc.example plain.example", "", "192.0.2.1", ""},
    {"suricata-dataset", "ja3.lst", "0123456789abcdef0123456789abcdef\n0123456789abcdef0123456789abcde0\n", 2,
     0, 0, 0, "", "", "", ""},
    {"suricata-dataset", "files.lst", "0123456789abcdef0123456789abcdef\n0123456789abcdef0123456789abcde0\n",
     0, 0, 2, 0, "", "", "", ""},
};

#define SAMPLES (sizeof(samples) / sizeof(*samples))

/* Calls with each word of a text. */
static void each(struct load_test *t, const char *words, void (*check)(struct load_test *t, const char *word))
{
    char text[512], *save = NULL;

    snprintf(text, sizeof(text), "%s", words ? words : "");
    for (char *w = strtok_r(text, " ", &save); w; w = strtok_r(NULL, " ", &save))
        check(t, w);
}

static void is_wide(struct load_test *t, const char *name)
{
    char below[128];

    snprintf(below, sizeof(below), "www.%s", name);
    assert_true(load_test_match(t, name, MATCH_EXACT));
    assert_true(load_test_match(t, below, MATCH_BELOW));
}

static void is_exact(struct load_test *t, const char *name)
{
    char below[128];

    snprintf(below, sizeof(below), "www.%s", name);
    assert_true(load_test_match(t, name, MATCH_EXACT));
    assert_true(load_test_match(t, below, MATCH_NONE));
}

static void is_address(struct load_test *t, const char *text)
{
    load_test_ioc(t, text);
}

static void is_none(struct load_test *t, const char *text)
{
    struct addr a;
    enum match_how how =
        addr_parse(span_str(text), &a) ? match_addr(t->im, &a).how : match_name(t->im, span_str(text)).how;

    if (how == MATCH_NONE || how == MATCH_EXCEPTION)
        return;
    fail_msg("%s: %s", text, match_names[how]);
}

static void check_counts(struct load_test *t, const struct sample *s)
{
    char beginning[128];

    snprintf(beginning, sizeof(beginning), "file\t%s\t%s\t", s->name, s->format);
    load_test_has(t, beginning, "");
    const uint64_t got[] = {load_test_count(t, s->name, LOAD_LOADED),
                            load_test_count(t, s->name, LOAD_QUARANTINED),
                            load_test_count(t, s->name, LOAD_NOT_NETWORK),
                            load_test_count(t, s->name, LOAD_MALFORMED)};
    const uint64_t want[] = {s->loaded, s->quarantined, s->not_network, s->malformed};
    for (unsigned i = 0; i < 4 && memcmp(got, want, sizeof(got)) != 0; i++)
        print_error("%s: %u: %u, not %u\n", s->name, i, (unsigned)got[i], (unsigned)want[i]);
    if (memcmp(got, want, sizeof(got)) != 0)
        load_test_has(t, "counts differ", "");
}

static void every_sample_is_of_its_format(void **state)
{
    for (size_t i = 0; i < SAMPLES; i++) {
        struct load_test t;
        load_test_one(&t, samples[i].name, samples[i].text);
        check_counts(&t, &samples[i]);
        each(&t, samples[i].wide, is_wide);
        each(&t, samples[i].exact, is_exact);
        each(&t, samples[i].address, is_address);
        each(&t, samples[i].none, is_none);
        load_test_end(&t);
    }
}

/* Whatever the order of the table: all that claims a sample is its own format, and plain lists, which come
 * last and take what has a value on most lines. */
static void no_format_claims_what_is_of_another(void **state)
{
    static const struct load_format *const formats[] = {
        &load_format_adblock, &load_format_csv,         &load_format_dataset, &load_format_dnsmasq,
        &load_format_geofeed, &load_format_hosts,       &load_format_ioc,     &load_format_misp,
        &load_format_nftset,  &load_format_ranges,      &load_format_rpz,     &load_format_suricata,
        &load_format_unbound, &load_format_warninglist, &load_format_zeek,
    };

    for (size_t i = 0; i < SAMPLES; i++)
        for (size_t k = 0; k < sizeof(formats) / sizeof(*formats); k++) {
            bool own = strcmp(formats[k]->name, samples[i].format) == 0;
            if (formats[k]->is(span_str(samples[i].text)) != own)
                fail_msg("%s: %s", samples[i].name, formats[k]->name);
        }
}

/* The same with CR LF, a byte order mark, and the last line not ended. */
static void line_ends_do_not_matter(void **state)
{
    for (size_t i = 0; i < SAMPLES; i++) {
        struct load_test t;
        char text[8192] = "\xef\xbb\xbf";
        size_t n = 3;
        for (const char *c = samples[i].text; *c; c++) {
            if (*c == '\n' && c[1] == 0)
                break;
            if (*c == '\n')
                text[n++] = '\r';
            text[n++] = *c;
        }
        load_test_begin(&t);
        load_test_bytes(&t, samples[i].name, text, n);
        load_test_finish(&t);
        check_counts(&t, &samples[i]);
        load_test_end(&t);
    }
}

/* Cut anywhere, each ends, and what is told adds up. */
static void cuts_do_no_harm(void **state)
{
    for (size_t i = 0; i < SAMPLES; i++)
        for (size_t cut = 1; cut < strlen(samples[i].text); cut += 3) {
            struct load_test t;
            char *text = strndup(samples[i].text, cut);
            load_test_begin(&t);
            load_test_bytes(&t, samples[i].name, text, cut);
            load_test_finish(&t);
            load_test_end(&t);
            free(text);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sample_is_of_its_format),
        cmocka_unit_test(no_format_claims_what_is_of_another),
        cmocka_unit_test(line_ends_do_not_matter),
        cmocka_unit_test(cuts_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
