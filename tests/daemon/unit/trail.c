// SPDX-License-Identifier: GPL-2.0
/* What "ktftpctl trace" is told. */
#include "unit.h"

#include "log/mac.h"
#include "log/trail.h"
#include "log/trail_event.h"

static const struct ktftp_address PHONE = { .bytes = { 192, 0, 2, 7 }, .length = 4 };
static const struct ktftp_address OTHER = { .bytes = { 192, 0, 2, 70 }, .length = 4 };
static const struct ktftp_address PHONE_6 = { .bytes = { 0x20, 1, 0xd, 0xb8, [15] = 7 }, .length = 16 };

static void ended(struct trail *trail, struct ktftp_address client, const char *name)
{
	struct ktftp_transfer t = { .client = client,
				    .client_port = 2000,
				    .end = KTFTP_TRANSFER_END_TIMED_OUT,
				    .size = 900,
				    .bytes = 512,
				    .age_ms = 61500,
				    .repeats = 8,
				    .blksize = 512,
				    .windowsize = 8 };

	snprintf(t.name, sizeof(t.name), "%s", name);
	trail_transfer(trail, TRAIL_END, &t, "kernel");
}

static void missed(struct trail *trail, struct ktftp_address client, const char *name)
{
	const struct ktftp_handed request = { .client = client, .client_port = 2001 };

	trail_request(trail, TRAIL_MISS, &request, name, NULL);
}

static json_t *found_after(struct trail *trail, const char *pattern, uint64_t after)
{
	char why[128] = "";
	json_t *found = trail_find(trail, pattern, after, why, sizeof(why));

	if (!found)
		print_message("%s\n", why);
	assert_non_null(found);
	return found;
}

static size_t count_of(struct trail *trail, const char *pattern)
{
	json_t *found = found_after(trail, pattern, 0);
	size_t count = json_array_size(found);

	json_decref(found);
	return count;
}

static const char *text_of(json_t *found, size_t i, const char *key)
{
	return json_string_value(json_object_get(json_array_get(found, i), key));
}

static json_int_t number_of(json_t *found, size_t i, const char *key)
{
	return json_integer_value(json_object_get(json_array_get(found, i), key));
}

CASE(what_happened_is_told_in_order_with_everything)
{
	const struct ktftp_handed request = { .client = PHONE, .client_port = 2002 };
	struct trail *trail = trail_new(16);
	json_t *found;

	missed(trail, PHONE, "CTLSEP001122334455.tlv");
	ended(trail, PHONE, "SEP001122334455.cnf.xml");
	trail_request(trail, TRAIL_SILENT, &request, "later", "the server drains");
	found = found_after(trail, "192.0.2.7", 0);
	assert_int_equal(json_array_size(found), 3);
	assert_int_equal(number_of(found, 0, "sequence"), 1);
	assert_string_equal(text_of(found, 0, "what"), "miss");
	assert_string_equal(text_of(found, 0, "client"), "192.0.2.7");
	assert_int_equal(number_of(found, 0, "port"), 2001);
	assert_string_equal(text_of(found, 0, "transport"), "tftp");
	assert_null(text_of(found, 0, "how"));
	assert_string_equal(text_of(found, 1, "what"), "end");
	assert_string_equal(text_of(found, 1, "how"), "timed-out");
	assert_string_equal(text_of(found, 1, "name"), "SEP001122334455.cnf.xml");
	assert_string_equal(text_of(found, 1, "engine"), "kernel");
	assert_int_equal(number_of(found, 1, "bytes"), 512);
	assert_int_equal(number_of(found, 1, "size"), 900);
	assert_int_equal(number_of(found, 1, "repeats"), 8);
	assert_int_equal(number_of(found, 1, "blksize"), 512);
	assert_int_equal(number_of(found, 1, "windowsize"), 8);
	assert_true(json_real_value(json_object_get(json_array_get(found, 1), "seconds")) == 61.5);
	assert_string_equal(text_of(found, 2, "what"), "silent");
	assert_string_equal(text_of(found, 2, "how"), "the server drains");
	json_decref(found);
	trail_free(trail);
}

CASE(times_are_iso_8601_with_milliseconds)
{
	struct trail_event *event = trail_event_new("a", "");
	const struct neighbours none = {};
	json_t *object;

	event->time_ms = 1709210096007;
	event->client = PHONE;
	object = trail_event_json(event, &none);
	assert_string_equal(json_string_value(json_object_get(object, "time")), "2024-02-29T12:34:56.007Z");
	json_decref(object);
	free(event);
}

CASE(a_miss_tells_the_nearest_name)
{
	const struct ktftp_handed request = { .client = PHONE };
	struct trail *trail = trail_new(4);
	json_t *found;

	trail_request(trail, TRAIL_MISS, &request, "SEP1.cnf", "SEP2.cnf");
	found = found_after(trail, "SEP1", 0);
	assert_string_equal(text_of(found, 0, "nearest"), "SEP2.cnf");
	json_decref(found);
	trail_free(trail);
}

CASE(a_client_is_found_by_its_address)
{
	const struct ktftp_address alike = { .bytes = { 192, 0, 2, 7 }, .length = 16 };
	struct trail *trail = trail_new(16);

	missed(trail, PHONE, "a");
	missed(trail, alike, "a");
	missed(trail, OTHER, "192.0.2.7");
	missed(trail, PHONE_6, "b");
	missed(trail, PHONE_6, "c");
	assert_int_equal(count_of(trail, "192.0.2.7"), 1);
	assert_int_equal(count_of(trail, "2001:db8::7"), 2);
	assert_int_equal(count_of(trail, "[2001:0db8:0::7]"), 2);
	assert_int_equal(count_of(trail, "2001:db8::8"), 0);
	trail_free(trail);
}

CASE(a_name_is_found_by_a_part_or_a_glob_in_any_case)
{
	struct trail *trail = trail_new(16);

	missed(trail, PHONE, "SEPaaBB.cnf.xml");
	missed(trail, PHONE, "firmware/term71.loads");
	assert_int_equal(count_of(trail, "sepAAbb"), 1);
	assert_int_equal(count_of(trail, "CNF.xml"), 1);
	assert_int_equal(count_of(trail, "*.LOADS"), 1);
	assert_int_equal(count_of(trail, "term7?.loads"), 0);
	assert_int_equal(count_of(trail, "*term7?.loads"), 1);
	assert_int_equal(count_of(trail, "*"), 2);
	assert_int_equal(count_of(trail, "nobody"), 0);
	trail_free(trail);
}

CASE(a_mac_is_found_in_names_in_any_writing)
{
	static const char *const writings[] = { "00:1a:2B:3c:4d:5E", "00-1A-2b-3C-4D-5e", "001a.2b3c.4d5e",
						"001A2B3C4D5E", "001a-2b3c-4d5e" };
	struct trail *trail = trail_new(16);
	size_t i;

	missed(trail, PHONE, "SEP001A2B3C4D5E.cnf.xml");
	missed(trail, PHONE, "cfg/00-1a-2b-3c-4d-5e.cfg");
	missed(trail, PHONE, "x001a.2b3c.4d5e");
	missed(trail, PHONE, "SEP001A2B3C4D5F.cnf.xml");
	missed(trail, PHONE, "00:1a:2b:3c:4d");
	for (i = 0; i < ARRAY_SIZE(writings); i++)
		assert_int_equal(count_of(trail, writings[i]), 3);
	trail_free(trail);
}

CASE(a_mac_has_twelve_digits_and_one_kind_of_sign)
{
	static const char *const no_macs[] = { "",
					       "001a2b3c4d5",
					       "001a2b3c4d5e6",
					       "00:1a:2b:3c:4d",
					       "00:1a:2b:3c:4d:5",
					       "00:1a-2b:3c:4d:5e",
					       "00:1a:2b:3c4d:5e",
					       "0:01a:2b:3c:4d:5e",
					       "00::1a:2b:3c:4d:5e",
					       ":00:1a:2b:3c:4d:5e",
					       "00:1a:2b:3c:4d:5e:",
					       "00:1a:2b:3c:4d:5g" };
	uint8_t mac[MAC_BYTES];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(no_macs); i++)
		assert_false(mac_parse(no_macs[i], mac));
	assert_true(mac_parse("00:1a:2b:3c:4d:5e", mac));
	assert_memory_equal(mac, "\x00\x1a\x2b\x3c\x4d\x5e", MAC_BYTES);
}

CASE(a_mac_is_looked_for_within_a_name_and_not_beyond)
{
	const char *name = "fff001a2b3c4d5e";
	u8 *copy = exact_copy(name, strlen(name));
	uint8_t mac[MAC_BYTES];

	assert_true(mac_parse("001a2b3c4d5e", mac));
	assert_true(mac_is_in(mac, (char *)copy, strlen(name)));
	assert_false(mac_is_in(mac, (char *)copy, strlen(name) - 1));
	assert_false(mac_is_in(mac, (char *)copy, 0));
	free(copy);
}

CASE(a_mac_in_the_neighbour_table_is_its_client)
{
	struct neighbour list[] = { { OTHER, { 0, 0x1a, 0x2b, 0x3c, 0x4d, 0x5f } },
				    { PHONE, { 0, 0x1a, 0x2b, 0x3c, 0x4d, 0x5e } } };
	struct neighbours neighbours = { .list = list, .count = 2 };
	struct trail_event *event = trail_event_new("firmware", "");
	struct trail_query query;
	json_t *object;
	char why[64];

	neighbours_sort(&neighbours);
	event->client = PHONE;
	assert_int_equal(trail_query_parse(&query, "001a.2b3c.4d5e", why, sizeof(why)), 0);
	assert_true(trail_event_matches(event, &query, &neighbours));
	object = trail_event_json(event, &neighbours);
	assert_string_equal(json_string_value(json_object_get(object, "mac")), "00:1a:2b:3c:4d:5e");
	json_decref(object);
	event->client = OTHER;
	assert_false(trail_event_matches(event, &query, &neighbours));
	free(event);
}

CASE(each_neighbour_is_found_among_many)
{
	static const uint8_t nobody[MAC_BYTES] = { 9 };
	struct neighbour list[300];
	struct neighbours neighbours = { .list = list, .count = ARRAY_SIZE(list) };
	struct ktftp_address address = { .length = 16 };
	uint8_t mac[MAC_BYTES] = {};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(list); i++) {
		/* In no order; each address on two links. */
		size_t k = i * 7 % ARRAY_SIZE(list);

		list[i] = (struct neighbour){ .address = { .length = k % 4 < 2 ? 4 : 16, .bytes = { k / 4 } },
					      .mac = { k % 2 + 1, k / 4 } };
	}
	neighbours_sort(&neighbours);
	for (i = 0; i < ARRAY_SIZE(list); i++) {
		address = (struct ktftp_address){ .length = i % 4 < 2 ? 4 : 16, .bytes = { i / 4 } };
		mac[0] = i % 2 + 1;
		mac[1] = i / 4;
		assert_true(neighbours_have(&neighbours, &address, mac));
		assert_false(neighbours_have(&neighbours, &address, nobody));
		assert_int_equal(neighbours_find(&neighbours, &address)->mac[0], 1);
		assert_int_equal(neighbours_find(&neighbours, &address)->mac[1], i / 4);
	}
	address.bytes[0] = ARRAY_SIZE(list) / 4;
	assert_null(neighbours_find(&neighbours, &address));
	neighbours.count = 0;
	assert_null(neighbours_find(&neighbours, &address));
	assert_false(neighbours_have(&neighbours, &address, nobody));
}

CASE(the_oldest_is_forgotten_when_the_trail_is_full)
{
	struct trail *trail = trail_new(4);
	char name[16];
	json_t *found;
	int i;

	for (i = 1; i <= 10; i++) {
		snprintf(name, sizeof(name), "file%d", i);
		missed(trail, PHONE, name);
	}
	found = found_after(trail, "file", 0);
	assert_int_equal(json_array_size(found), 4);
	assert_string_equal(text_of(found, 0, "name"), "file7");
	assert_int_equal(number_of(found, 3, "sequence"), 10);
	json_decref(found);
	trail_free(trail);
}

CASE(who_asks_again_with_the_last_number_gets_what_is_new)
{
	struct trail *trail = trail_new(16);
	json_t *found;

	missed(trail, PHONE, "a1");
	missed(trail, PHONE, "a2");
	found = found_after(trail, "a", 2);
	assert_int_equal(json_array_size(found), 0);
	json_decref(found);
	missed(trail, PHONE, "a3");
	found = found_after(trail, "a", 2);
	assert_int_equal(json_array_size(found), 1);
	assert_string_equal(text_of(found, 0, "name"), "a3");
	json_decref(found);
	trail_free(trail);
}

CASE(to_who_has_a_number_from_before_a_restart_everything_is_new)
{
	struct trail *trail = trail_new(16);
	json_t *found;

	missed(trail, PHONE, "a1");
	found = found_after(trail, "a", 1000);
	assert_int_equal(json_array_size(found), 1);
	json_decref(found);
	found = found_after(trail, "a", UINT64_MAX);
	assert_int_equal(json_array_size(found), 1);
	json_decref(found);
	trail_free(trail);
}

CASE(an_answer_has_an_end_and_the_rest_can_be_asked_for)
{
	struct trail *trail = trail_new(2 * TRAIL_FOUND_MAX);
	json_t *found;
	int i;

	for (i = 0; i < 2 * TRAIL_FOUND_MAX; i++)
		missed(trail, i % 4 ? PHONE : OTHER, "a");
	found = found_after(trail, "a", 0);
	assert_int_equal(json_array_size(found), TRAIL_FOUND_MAX);
	assert_int_equal(number_of(found, TRAIL_FOUND_MAX - 1, "sequence"), 2 * TRAIL_FOUND_MAX);
	json_decref(found);
	found = found_after(trail, "a", 10);
	assert_int_equal(json_array_size(found), TRAIL_FOUND_MAX);
	assert_int_equal(number_of(found, 0, "sequence"), 11);
	json_decref(found);
	assert_int_equal(count_of(trail, "192.0.2.70"), TRAIL_FOUND_MAX / 2);
	trail_free(trail);
}

CASE(names_from_the_network_are_safe_to_show)
{
	struct trail *trail = trail_new(4);
	char name[KTFTP_NAME_MAX + 1];
	json_t *found;

	missed(trail, PHONE, "a\n\x1b[31m\xff\\");
	found = found_after(trail, "a", 0);
	assert_string_equal(text_of(found, 0, "name"), "a\\x0a\\x1b[31m\\xff\\\\");
	json_decref(found);
	memset(name, 1, KTFTP_NAME_MAX);
	name[KTFTP_NAME_MAX] = 0;
	missed(trail, PHONE, name);
	found = found_after(trail, "*", 1);
	assert_int_equal(strlen(text_of(found, 0, "name")), 4 * KTFTP_NAME_MAX);
	json_decref(found);
	trail_free(trail);
}

CASE(what_is_no_question_is_refused_with_a_reason)
{
	struct trail *trail = trail_new(4);
	char why[128] = "", pattern[KTFTP_NAME_MAX + 2];

	memset(pattern, 'a', sizeof(pattern) - 1);
	pattern[sizeof(pattern) - 1] = 0;
	assert_null(trail_find(trail, "", 0, why, sizeof(why)));
	assert_non_null(strstr(why, "part of a name"));
	assert_null(trail_find(trail, pattern, 0, why, sizeof(why)));
	assert_int_equal(count_of(trail, pattern + 1), 0);
	trail_free(trail);
}

static struct unit_case cases[] = {
	RUN(what_happened_is_told_in_order_with_everything),
	RUN(times_are_iso_8601_with_milliseconds),
	RUN(a_miss_tells_the_nearest_name),
	RUN(a_client_is_found_by_its_address),
	RUN(a_name_is_found_by_a_part_or_a_glob_in_any_case),
	RUN(a_mac_is_found_in_names_in_any_writing),
	RUN(a_mac_has_twelve_digits_and_one_kind_of_sign),
	RUN(a_mac_is_looked_for_within_a_name_and_not_beyond),
	RUN(a_mac_in_the_neighbour_table_is_its_client),
	RUN(each_neighbour_is_found_among_many),
	RUN(the_oldest_is_forgotten_when_the_trail_is_full),
	RUN(who_asks_again_with_the_last_number_gets_what_is_new),
	RUN(to_who_has_a_number_from_before_a_restart_everything_is_new),
	RUN(an_answer_has_an_end_and_the_rest_can_be_asked_for),
	RUN(names_from_the_network_are_safe_to_show),
	RUN(what_is_no_question_is_refused_with_a_reason),
	{},
};

SUITE(trail, cases);
