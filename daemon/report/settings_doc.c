/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes what is kept in the tree but follows from the table of settings: packaging/bridled.conf, and
 * daemon/bridled.conf.5 in mdoc(7). `ninja settings-doc` runs it; a test fails when it was forgotten. */
#include <stdlib.h>

#include "base/conf_value.h"
#include "report/settings.h"

static const char head[] = ".Dd November 22, 2026\n"
                           ".Dt BRIDLED.CONF 5\n"
                           ".Os\n"
                           ".Sh NAME\n"
                           ".Nm bridled.conf\n"
                           ".Nd configuration of bridled\n"
                           ".Sh DESCRIPTION\n"
                           "Without this file, and without any key in it,\n"
                           ".Xr bridled 8\n"
                           "runs with the defaults given below, which suit a home router and a mirror port.\n"
                           "When a file of packets is replayed, it is read only if it is named with\n"
                           ".Fl c .\n"
                           ".Pp\n"
                           "The file consists of sections, each begun by its name in brackets, and of lines\n"
                           ".Ql key = value .\n"
                           "Lines that begin with\n"
                           ".Ql #\n"
                           "or\n"
                           ".Ql \\&;\n"
                           "are comments.\n"
                           "An indented line continues the value above it, unless it has the form\n"
                           ".Ql key = value\n"
                           "itself.\n"
                           "A line has at most 190 bytes.\n"
                           ".Pp\n"
                           "Sections\n"
                           ".Ql [source NAME]\n"
                           "may stand many times, each with another name.\n"
                           "A key may stand once; one that takes several words may be repeated: the first\n"
                           "occurrence replaces the default, further ones add to it.\n"
                           "Sizes have the units B, KiB, MiB and GiB, each 1024 times the one before;\n"
                           "k, M and G mean the same.\n"
                           "Times have the units ms, s, min, h and d.\n"
                           ".Pp\n"
                           "The sections rules and source are read again by\n"
                           ".Ql bridlectl reload ;\n"
                           "all else takes effect when the daemon starts.\n"
                           ".Pp\n"
                           "Unknown keys, values that are not allowed and contradictions are errors,\n"
                           "told with file, line and column, and the daemon does not start.\n"
                           ".Ql bridled -t\n"
                           "checks the file and prints all values that are in effect;\n"
                           ".Ql bridled --help-config\n"
                           "prints the list below.\n";

static const char tail[] =
    ".Sh FILES\n"
    ".Bl -tag -width Ds\n"
    ".It Pa /etc/bridle/bridled.conf\n"
    "the configuration; installed with every key commented out\n"
    ".El\n"
    ".Sh EXAMPLES\n"
    "A mirror port of a larger network, with events for a log collector:\n"
    ".Bd -literal -offset indent\n"
    "[capture]\n"
    "interface = eth1\n"
    "workers = 4\n"
    "ring-size = 64MiB\n"
    "\n"
    "[network]\n"
    "home = 10.0.0.0/8 2001:db8::/32\n"
    "\n"
    "[eve]\n"
    "path = /var/log/bridle/eve.json\n"
    ".Ed\n"
    ".Pp\n"
    "Lists as they are published, kept current by\n"
    ".Xr bridle-update 8 ;\n"
    "the first section subscribes to all lists that MVT uses:\n"
    ".Bd -literal -offset indent\n"
    "[source mvt]\n"
    "url = https://raw.githubusercontent.com/mvt-project/mvt-indicators/main/indicators.yaml\n"
    "\n"
    "[source stalkerware]\n"
    "url = "
    "https://raw.githubusercontent.com/AssoEchap/stalkerware-indicators/master/generated/stalkerware.stix2\n"
    "campaign = Stalkerware\n"
    "trust = low\n"
    "allow = example.com\n"
    "\n"
    "[source our-own]\n"
    "url = https://intranet.example/indicators.csv\n"
    "columns = value,campaign\n"
    "tier = c2\n"
    ".Ed\n"
    ".Sh SEE ALSO\n"
    ".Xr bridlectl 1 ,\n"
    ".Xr bridle.ioc 5 ,\n"
    ".Xr bridle-update 8 ,\n"
    ".Xr bridled 8\n";

/* Text of a line of mdoc: `words` between backquotes as literals; nothing at the start of a line is a macro.
 */
static void print_text(const char *text)
{
    bool literal = false;

    fputs("\\&", stdout);
    for (const char *p = text; *p != 0; p++) {
        if (*p == '`') {
            fputs(literal ? "\\fR" : "\\fB", stdout);
            literal = !literal;
        } else if (*p == '\\') {
            fputs("\\e", stdout);
        } else if (*p == '-') {
            fputs("\\-", stdout);
        } else {
            putchar(*p);
            if (*p == '.' && p[1] == ' ' && !literal) { /* a sentence a line */
                putchar('\n');
                p++;
            }
        }
    }
    putchar('\n');
}

static void print_key(const struct conf_key *key)
{
    char about[1024];
    struct text t = text_on(about, sizeof about);

    printf(".It Cm %s\n", key->name);
    print_text(key->help);
    text_str(&t, "Value: ");
    conf_value_describe(key, &t);
    text_fmt(&t, ". Default: %s%s%s.", key->deflt[0] != 0 ? "`" : "",
             key->deflt[0] != 0 ? key->deflt : "empty", key->deflt[0] != 0 ? "`" : "");
    print_text(about);
}

static void print_group(const struct conf_key *key)
{
    printf(".Ss %s %s\n", key->section, key->name);
    print_text(key->help);
    printf(".Bl -tag -width Ds\n");
    for (size_t i = 0; i < key->group->count; i++)
        print_key(&key->group->keys[i]);
}

static void print_manual(void)
{
    fputs(head, stdout);
    for (size_t i = 0; i < settings_count; i++) {
        const struct conf_key *key = &settings_keys[i];

        if (i > 0 && strcmp(key->section, key[-1].section) != 0)
            printf(".El\n");
        if (key->type == CONF_GROUP) {
            print_group(key);
            continue;
        }
        if (i == 0 || strcmp(key->section, key[-1].section) != 0)
            printf(".Ss %s\n.Bl -tag -width Ds\n", key->section);
        print_key(key);
    }
    printf(".El\n%s", tail);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    if (strcmp(argv[1], "man") == 0)
        print_manual();
    else
        conf_print(settings_keys, settings_count, NULL, stdout);
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
