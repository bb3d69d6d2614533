/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exports of one line an indicator, without what feeds say about it: plain, hosts(5), AdGuard's DNS
 * filtering syntax, dnsmasq(8), unbound.conf(5), nft(8), and datasets of Suricata.
 */
#include "ctl/export.h"

static void value(struct export *x, const struct export_entry *e)
{
    if (ioc_is_address(e->ioc.type))
        text_str(&x->text, e->addr);
    else
        text_name(&x->text, e->ioc.value);
}

static bool line(struct export *x, const char *before, const struct export_entry *e, const char *behind)
{
    text_str(&x->text, before);
    value(x, e);
    text_str(&x->text, behind);
    text_char(&x->text, '\n');
    return true;
}

bool export_plain(struct export *x, const struct export_entry *e)
{
    return line(x, "", e, "");
}

void export_begin_hosts(struct export *x)
{
    export_made_by(x, "#");
}

bool export_hosts(struct export *x, const struct export_entry *e)
{
    return line(x, "0.0.0.0 ", e, "");
}

void export_begin_adguard(struct export *x)
{
    export_made_by(x, "!");
}

/* An exception of AdGuard's beats every rule, not only those above it: what is listed below one cannot be
 * said. */
bool export_adguard(struct export *x, const struct export_entry *e)
{
    if (e->ioc.type == IOC_EXCEPTION)
        return line(x, "@@||", e, "^");
    return export_above(x->im, e->ioc.value, NULL) != IOC_EXCEPTION &&
           line(x, e->ioc.type == IOC_NAME ? "|" : "||", e, "^");
}

void export_begin_dnsmasq(struct export *x)
{
    export_made_by(x, "#");
}

/* The most specific domain decides there, too; a host-record is of one name alone. */
bool export_dnsmasq(struct export *x, const struct export_entry *e)
{
    if (e->ioc.type == IOC_EXCEPTION)
        return line(x, "server=/", e, "/#");
    if (e->ioc.type == IOC_NAME)
        return line(x, "host-record=", e, ",0.0.0.0,::");
    return ioc_is_address(e->ioc.type) ? line(x, "bogus-nxdomain=", e, "") : line(x, "address=/", e, "/");
}

void export_begin_unbound(struct export *x)
{
    export_made_by(x, "#");
    text_str(&x->text, "server:\n");
}

/* A transparent zone answers what local-data says of its name and asks about all else: one name alone. Below
 * a listed domain it would be a hole. */
bool export_unbound(struct export *x, const struct export_entry *e)
{
    if (e->ioc.type == IOC_EXCEPTION)
        return line(x, "    local-zone: \"", e, "\" always_transparent");
    if (e->ioc.type == IOC_DOMAIN || export_above(x->im, e->ioc.value, NULL) == IOC_DOMAIN)
        return line(x, "    local-zone: \"", e, "\" always_nxdomain");
    return line(x, "    local-zone: \"", e, "\" transparent") &&
           line(x, "    local-data: \"", e, ". A 0.0.0.0\"") &&
           line(x, "    local-data: \"", e, ". AAAA ::\"");
}

/*
 * The script replaces what is in the sets and leaves the rest of the table alone, in one transaction: it can
 * be run again whenever the list changes, and rules may stand in the same table.
 */
void export_begin_nftset(struct export *x)
{
    if (x->pass > 0)
        return;
    text_str(&x->text, "#!/usr/sbin/nft -f\n");
    export_made_by(x, "#");
    text_str(&x->text, "# Rules that use them stand in a chain of yours, for example:\n"
                       "#   ip daddr @indicators4 counter drop\n"
                       "#   ip6 daddr @indicators6 counter drop\n"
                       "table inet bridle {\n");
    for (unsigned family = 4; family <= 6; family += 2)
        text_fmt(&x->text,
                 "\tset indicators%u {\n\t\ttype ipv%u_addr\n\t\tflags interval\n\t\tauto-merge\n\t}\n",
                 family, family);
    text_str(&x->text, "}\nflush set inet bridle indicators4\nflush set inet bridle indicators6\n");
}

bool export_nftset(struct export *x, const struct export_entry *e)
{
    unsigned family = addr_is_v4(&e->prefix.addr) ? 4 : 6;

    if (family != (x->pass == 0 ? 4 : 6))
        return true;
    if (x->written == 0)
        text_fmt(&x->text, "add element inet bridle indicators%u {\n", family);
    return line(x, "\t", e, ",");
}

void export_end_nftset(struct export *x)
{
    if (x->written > 0)
        text_str(&x->text, "}\n");
}

/* RFC 4648 §4 */
static void base64(struct text *t, struct span s)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < s.len; i += 3) {
        uint32_t three = (uint32_t)s.at[i] << 16;
        if (i + 1 < s.len)
            three |= (uint32_t)s.at[i + 1] << 8;
        if (i + 2 < s.len)
            three |= s.at[i + 2];
        text_char(t, digits[three >> 18]);
        text_char(t, digits[three >> 12 & 63]);
        text_char(t, i + 1 < s.len ? digits[three >> 6 & 63] : '=');
        text_char(t, i + 2 < s.len ? digits[three & 63] : '=');
    }
}

/* A dataset of type string; it knows no comments. */
bool export_suricata(struct export *x, const struct export_entry *e)
{
    base64(&x->text, e->ioc.value);
    text_char(&x->text, '\n');
    return true;
}
