/* SPDX-License-Identifier: BSD-2-Clause */
/* Open incidents survive a restart whole, and a damaged file costs only what is damaged. */
#include "report/state.h"

#include "report/report_test.h"

static char dir[64], path[96];
static struct heard heard;

static int setup(void **state)
{
    strcpy(dir, "/tmp/bridle-state-XXXXXX");
    assert_non_null(mkdtemp(dir));
    rmdir(dir); /* made anew by state_load */
    snprintf(path, sizeof path, "%s/incidents", dir);
    heard = (struct heard){0};
    log_to(hear, &heard);
    return 0;
}

static int teardown(void **state)
{
    char temporary[128];

    unlink(path);
    snprintf(temporary, sizeof temporary, "%s.new", path);
    remove(temporary);
    return rmdir(dir);
}

static void books(struct incidents *s)
{
    struct hash_key key = {{3, 4}};
    incidents_init(s, &key, 1000, 60 * SECOND_NS, 1000 * SECOND_NS);
}

/* An incident of which every field is set to something strange. */
static void add(struct incidents *s, unsigned n, const char *value)
{
    struct ioc ioc = {.type = IOC_DOMAIN,
                      .tier = TIER_DELIVERY,
                      .key = n % 3,
                      .value = span_str(value),
                      .campaigns = 2,
                      .campaign = {span_str(HOSTILE), span_str("")},
                      .source = {span_str("tab\there"), span_str(""), span_str(HOSTILE)},
                      .sources = 3,
                      .low_trust = n % 2 == 0,
                      .rebuilt = true,
                      .from_s = -5,
                      .first_s = 1600000000,
                      .reference = span_str("https://example.org/?a=\\b"),
                      .feed = span_str("f.ioc"),
                      .line = 12,
                      .until_s = 1700000000};
    struct addr client = ip("10.0.0.5");

    client.b[14] = (uint8_t)(n >> 8);
    client.b[15] = (uint8_t)n;
    struct incident *in = incidents_open(s, ioc_copy_get(&s->copies, &ioc, 1), &client, AT(n));
    struct incident_step step = {.where = {.client = client,
                                           .server = ip("2001:db8::1"),
                                           .client_port = 65535,
                                           .server_port = 443,
                                           .ip_proto = 6,
                                           .via = VIA_TLS_SNI,
                                           .match = MATCH_BELOW,
                                           .flags = RECORD_STREAM | RECORD_MIDSTREAM,
                                           .flow_id = UINT64_MAX - n},
                                 .observed = span_of("nul\0tab\tnew\nline\\012", 20),
                                 .hosting = span_str("aws/\xc3\xb6"),
                                 .ts_ns = AT(n),
                                 .at = AT(n),
                                 .bytes_out = INT64_MAX,
                                 .bytes_in = n,
                                 .stage = STAGE_CONNECTED,
                                 .severity = 2};
    strcpy(in->id, "0123456789abcdef");
    incident_step(s, in, &step);
    incident_told(s, in, AT(n));
    incident_step(s, in, &step);
    if (n % 2 == 0) {
        in->blocked = BLOCKED_PARKED;
        incident_text(&in->blocked_by, span_str("tab\t\xc3\xb6"));
    }
}

static void everything_comes_back(void **state)
{
    struct incidents before, after;
    struct stat st;
    struct addr client = ip("10.0.1.44");

    books(&before);
    books(&after);
    assert_int_equal(state_load(&after, dir), 0); /* the folder did not exist */
    assert_int_equal(stat(dir, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    for (unsigned i = 0; i < 301; i++)
        add(&before, i, i % 2 ? "a.example" : "b.example");
    assert_int_equal(state_save(&before, dir, 0), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(state_load(&after, dir), 0);
    assert_int_equal(heard.lines, 0);
    assert_int_equal(after.table.count, 301);
    assert_int_equal(after.copies.table.count, 6);
    struct ioc_copy *ioc = ioc_copy_find(&after.copies, 0, IOC_DOMAIN, "b.example");
    assert_non_null(ioc);
    assert_int_equal(ioc->users, 51);
    assert_int_equal(ioc->tier, TIER_DELIVERY);
    assert_int_equal(ioc->until_s, 1700000000);
    assert_int_equal(ioc->campaigns, 2);
    assert_int_equal(ioc->from_s, 0); /* from before 1970 says nothing */
    assert_int_equal(ioc->first_s, 1600000000);
    assert_true(ioc->low_trust && ioc->rebuilt);
    assert_int_equal(ioc->sources, 3);
    assert_string_equal(ioc->source[0], "tab\\009here"); /* as it was copied out of the image */
    assert_string_equal(ioc->source[1], "");
    assert_string_equal(ioc->source[2], "a\"b\\c\\010d\\027[31m\\255\xc3\xb6\\226\\128\\174\\127");
    assert_string_equal(ioc->reference, "https://example.org/?a=\\b");
    struct incident *in = incidents_find(&after, ioc, &client), *was;
    assert_non_null(in);
    was = incidents_find(&before, ioc_copy_find(&before.copies, 0, IOC_DOMAIN, "b.example"), &client);
    assert_string_equal(ioc->campaign[0], was->ioc->campaign[0]);
    assert_int_equal(in->count, 2);
    assert_int_equal(in->told_count, 1);
    assert_int_equal(in->first_ns, was->first_ns);
    assert_int_equal(in->active_at, was->active_at);
    assert_int_equal(in->bytes_out, INT64_MAX);
    assert_int_equal(in->bytes_in, 300);
    assert_int_equal(in->stage, STAGE_CONNECTED);
    assert_int_equal(in->severity, 2);
    assert_string_equal(in->id, "0123456789abcdef");
    assert_true(span_eq(in->observed, was->observed));
    assert_true(span_eq(in->hosting, was->hosting));
    assert_int_equal(in->blocked, BLOCKED_PARKED);
    assert_true(span_eq(in->blocked_by, span_str("tab\t\xc3\xb6")));
    assert_int_equal(in->face.flow_id, was->face.flow_id);
    assert_int_equal(in->face.match, MATCH_BELOW);
    assert_int_equal(incidents_oldest(&after)->face.client.b[15], 0);
    char *one = slurp(path);
    assert_int_equal(state_save(&after, dir, 0), 0);
    char *two = slurp(path);
    assert_string_equal(one, two);
    free(one);
    free(two);
    incidents_done(&before);
    incidents_done(&after);
}

static void after_a_restart_timers_go_on(void **state)
{
    struct incidents s;

    books(&s);
    add(&s, 10, "a.example");
    state_load(&s, dir);
    assert_int_equal(state_save(&s, dir, 0), 0);
    incidents_done(&s);
    books(&s);
    assert_int_equal(state_load(&s, dir), 0);
    incidents_settle(&s, AT(20));
    assert_null(incidents_due(&s, AT(69)).incident);
    struct incident_due due = incidents_due(&s, AT(70));
    assert_int_equal(due.why, WHY_REPEAT);
    incidents_done(&s);
    books(&s);
    assert_int_equal(state_load(&s, dir), 0);
    incidents_settle(&s, AT(0)); /* the clock was not set yet: nothing lies in the future */
    assert_int_equal(incidents_oldest(&s)->active_at, AT(0));
    assert_int_equal(incidents_due(&s, AT(60)).why, WHY_REPEAT);
    incidents_done(&s);
}

static void load_text(struct incidents *s, const char *text, size_t len)
{
    unlink(path); /* a new file: file systems take their time over truncated ones */
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    fwrite(text, 1, len, f);
    fclose(f);
    books(s);
    assert_int_equal(state_load(s, dir), 0);
}

static void damage_costs_what_is_damaged(void **state)
{
    struct incidents s;
    size_t whole = 0;

    books(&s);
    state_load(&s, dir);
    for (unsigned i = 0; i < 5; i++)
        add(&s, i, "a.example");
    assert_int_equal(state_save(&s, dir, 0), 0);
    incidents_done(&s);
    char *text = slurp(path);
    size_t len = strlen(text);
    for (size_t cut = 0; cut < len; cut += 3) { /* the file ends anywhere */
        load_text(&s, text, cut);
        assert_true(s.table.count >= whole && s.table.count <= 5);
        whole = s.table.count;
        incidents_done(&s);
    }
    for (size_t at = 0; at < len; at++) { /* any byte is another one */
        static const char wrong[] = {0, '\t', '\n', '\\', '9', (char)0xff};
        char was = text[at];
        for (size_t i = 0; i < sizeof wrong; i++) {
            text[at] = wrong[i];
            load_text(&s, text, len);
            assert_true(s.table.count <= 5);
            incidents_settle(&s, AT(0));
            incidents_done(&s);
        }
        text[at] = was;
    }
    free(text);
}

static void nonsense_is_refused(void **state)
{
    static const char junk[] = "bridle incidents 2\nindicator\nincident\tx\n\n\t\t\t\nindicator\tzz\n\\999\n";
    struct incidents s;
    char *endless = malloc(100000);

    state_load(&s, dir);
    load_text(&s, junk, sizeof junk - 1);
    assert_int_equal(s.table.count + s.copies.table.count, 0);
    incidents_done(&s);
    memset(endless, 'x', 100000);
    memcpy(endless, junk, 19);
    load_text(&s, endless, 100000);
    assert_int_equal(s.table.count, 0);
    incidents_done(&s);
    free(endless);
    load_text(&s, "bridle incidents 1\n", 19);
    assert_non_null(strstr(heard.last, "alert again"));
    incidents_done(&s);
}

static void a_failed_writing_keeps_the_old_file(void **state)
{
    struct incidents s;
    char temporary[128], *one, *two;

    books(&s);
    state_load(&s, dir);
    add(&s, 1, "a.example");
    assert_int_equal(state_save(&s, dir, 0), 0);
    one = slurp(path);
    add(&s, 2, "a.example");
    snprintf(temporary, sizeof temporary, "%s.new", path);
    assert_int_equal(symlink("/dev/full", temporary), 0); /* somebody's trap: not followed */
    assert_true(state_save(&s, dir, 0) < 0);
    two = slurp(path);
    assert_string_equal(one, two);
    free(one);
    free(two);
    assert_int_equal(state_save(&s, "/nonexistent/folder", 0), -ENOENT);
    incidents_done(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(everything_comes_back, setup, teardown),
        cmocka_unit_test_setup_teardown(after_a_restart_timers_go_on, setup, teardown),
        cmocka_unit_test_setup_teardown(damage_costs_what_is_damaged, setup, teardown),
        cmocka_unit_test_setup_teardown(nonsense_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_failed_writing_keeps_the_old_file, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
