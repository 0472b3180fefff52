// SPDX-License-Identifier: GPL-2.0
/* Views, absents, owners, digests, budgets, and sets: what the store promises to those who change it. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "ktap.h"

#define SERVER  "127.0.0.1"
#define PORT    69

/* Names between the first and the last one of a set that is swapped: time for somebody to look. */
#define FILLERS 200

/* Pairs of requests while it is. */
#define ROUNDS  400

/* "abc" has this SHA-256 (FIPS 180-4). */
static const uint8_t abc_digest[KTFTP_DIGEST_BYTES] = {
	0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23,
	0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad,
};

static void wait_ms(unsigned int ms)
{
	const struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000l };

	nanosleep(&time, NULL);
}

static const char *serve(struct client *client)
{
	EXPECT_OK(fresh_namespace());
	EXPECT_OK(listen_on("0.0.0.0", 0));
	return client_open(client, SERVER, PORT);
}

static int publish(const struct ktftp_properties *properties, const void *bytes, size_t length)
{
	int fd = sealed_memfd(bytes, length), err;
	struct ktftp_entry entry;

	err = ktftp_publish_fd(k, properties, fd, KTFTP_KIND_SEALED, &entry);
	close(fd);
	return err;
}

static const char *publish_text(const char *view, const char *name, const char *text)
{
	const struct ktftp_properties properties = { .name = name, .view = view };

	EXPECT(!publish(&properties, text, strlen(text)));
	return NULL;
}

static const char *gets_text(struct client *client, const char *name, const char *text)
{
	return client_download(client, name, (const uint8_t *)text, strlen(text));
}

static const char *gets_error_1(struct client *client, const char *name)
{
	EXPECT_OK(client_request(client, RRQ, name, "octet"));
	return client_expect_error(client, 1);
}

static int count_entry(const struct ktftp_entry *entry, void *context)
{
	(void)entry;
	++*(size_t *)context;
	return 0;
}

static int count_absent(const struct ktftp_absent *absent, void *context)
{
	(void)absent;
	++*(size_t *)context;
	return 0;
}

static size_t entries(void)
{
	size_t count = 0;

	return ktftp_entry_list(k, count_entry, &count) ? SIZE_MAX : count;
}

static size_t absents(void)
{
	size_t count = 0;

	return ktftp_absent_list(k, count_absent, &count) ? SIZE_MAX : count;
}

static uint64_t held_bytes(void)
{
	struct ktftp_info info;

	return ktftp_info_get(k, &info) ? UINT64_MAX : info.namespace_bytes;
}

static int commit(struct ktftp_set *set)
{
	struct ktftp_set_result result;

	return ktftp_set_commit(set, &result);
}

/* Memory goes a moment after what it was for; returns what is held when it does not. */
static uint64_t held_in_the_end(uint64_t wanted)
{
	int tries;

	for (tries = 0; tries < WAIT_MS / 20 && held_bytes() != wanted; tries++)
		wait_ms(20);
	return held_bytes();
}

static const char *of_a_name_in_several_views_the_uppermost_counts(void)
{
	static const char *const both[] = { "staged", "default" }, *const turned[] = { "default", "staged" };
	struct client client;

	EXPECT_OK(serve(&client));
	EXPECT_OK(publish_text(NULL, "file", "old"));
	EXPECT_OK(publish_text("staged", "file", "new"));
	EXPECT_OK(publish_text("staged", "other", "there"));
	EXPECT_OK(gets_text(&client, "file", "old"));
	EXPECT_OK(gets_error_1(&client, "other"));
	EXPECT(!ktftp_view_set(k, both, 2));
	EXPECT_OK(gets_text(&client, "file", "new"));
	EXPECT_OK(gets_text(&client, "other", "there"));
	/* The view goes first, the case of the name after that. */
	EXPECT_OK(gets_text(&client, "FILE", "new"));
	EXPECT(!ktftp_view_set(k, turned, 2));
	EXPECT_OK(gets_text(&client, "file", "old"));
	EXPECT_OK(gets_text(&client, "other", "there"));
	client_close(&client);
	return NULL;
}

static const char *a_withdrawn_name_uncovers_that_of_the_view_below(void)
{
	static const char *const both[] = { "staged", "default" }, *const file[] = { "file" };
	struct client client;
	uint32_t count;

	EXPECT_OK(serve(&client));
	EXPECT(!ktftp_view_set(k, both, 2));
	EXPECT_OK(publish_text(NULL, "file", "below"));
	EXPECT_OK(publish_text("staged", "file", "above"));
	EXPECT_OK(gets_text(&client, "file", "above"));
	EXPECT(!ktftp_withdraw(k, "staged", file, 1, &count));
	EXPECT(count == 1);
	EXPECT_OK(gets_text(&client, "file", "below"));
	EXPECT(ktftp_withdraw(k, "staged", file, 1, &count) == -ENOENT);
	client_close(&client);
	return NULL;
}

static const char *a_stack_of_views_is_checked(void)
{
	static const char *const twice[] = { "a", "b", "a" }, *const comma[] = { "a,b" };
	const char *many[KTFTP_STACK_MAX + 1];
	char names[KTFTP_STACK_MAX + 1][8];
	struct client client;
	size_t i;

	EXPECT_OK(serve(&client));
	EXPECT_OK(publish_text(NULL, "file", "text"));
	for (i = 0; i <= KTFTP_STACK_MAX; i++) {
		snprintf(names[i], sizeof(names[i]), "v%zu", i);
		many[i] = names[i];
	}
	EXPECT(ktftp_view_set(k, twice, 3) == -EINVAL);
	EXPECT(ktftp_view_set(k, comma, 1) == -EINVAL);
	EXPECT(ktftp_view_set(k, many, KTFTP_STACK_MAX + 1) == -EINVAL);
	EXPECT_OK(gets_text(&client, "file", "text"));
	EXPECT(!ktftp_view_set(k, many, KTFTP_STACK_MAX));
	EXPECT_OK(gets_error_1(&client, "file"));
	client_close(&client);
	return NULL;
}

static const char *an_absent_is_answered_at_once_beside_a_daemon(void)
{
	static const char *const globs[] = { "CTLSEP*.tlv", "dialplan.xml" };
	struct client client;

	EXPECT_OK(serve(&client));
	EXPECT(!ktftp_attach(k));
	EXPECT(!ktftp_absent_add(k, NULL, NULL, 0, globs, 2));
	EXPECT_OK(gets_error_1(&client, "ctlsep001122334455.TLV"));
	EXPECT_OK(gets_error_1(&client, "/DialPlan.xml"));
	EXPECT(stat_of(KTFTP_A_STATS_REQUESTS_HANDED_OVER) == 0);
	EXPECT(stat_of(KTFTP_A_STATS_REQUESTS_NOT_FOUND) == 2);
	/* Others may exist. */
	EXPECT_OK(client_request(&client, RRQ, "CTLSEP1.tlv.sgn", "octet"));
	EXPECT(client_hears_nothing(&client, SILENCE_MS));
	EXPECT(stat_of(KTFTP_A_STATS_REQUESTS_HANDED_OVER) == 1);
	client_close(&client);
	return NULL;
}

static const char *a_published_name_wins_over_absents(void)
{
	static const char *const globs[] = { "*", "file" }, *const stack[] = { "top", "default" };
	static const char *const file[] = { "file" };
	struct client client;
	uint32_t count;

	EXPECT_OK(serve(&client));
	EXPECT(!ktftp_view_set(k, stack, 2));
	EXPECT_OK(publish_text(NULL, "file", "text"));
	EXPECT(!ktftp_absent_add(k, "top", NULL, 0, globs, 2));
	EXPECT_OK(gets_text(&client, "file", "text"));
	EXPECT(!ktftp_withdraw(k, NULL, file, 1, &count));
	EXPECT_OK(gets_error_1(&client, "file"));
	client_close(&client);
	return NULL;
}

static const char *an_absent_of_a_view_nobody_sees_is_none(void)
{
	static const char *const globs[] = { "file" };
	struct client client;
	uint32_t count;

	EXPECT_OK(serve(&client));
	EXPECT(!ktftp_attach(k));
	EXPECT(!ktftp_absent_add(k, "hidden", NULL, 0, globs, 1));
	EXPECT_OK(client_request(&client, RRQ, "file", "octet"));
	EXPECT(client_hears_nothing(&client, SILENCE_MS));
	EXPECT(ktftp_absent_del(k, NULL, globs, 1, &count) == -ENOENT);
	EXPECT(!ktftp_absent_del(k, "hidden", globs, 1, &count));
	EXPECT(count == 1 && absents() == 0);
	client_close(&client);
	return NULL;
}

static const char *an_absent_ends_when_its_time_is_over(void)
{
	static const char *const globs[] = { "short*", "short" }, *const longer[] = { "long" };
	struct client client;
	int tries;

	EXPECT_OK(serve(&client));
	EXPECT(!ktftp_attach(k));
	EXPECT(!ktftp_absent_add(k, NULL, NULL, 1, globs, 2));
	EXPECT(!ktftp_absent_add(k, NULL, NULL, 1000, longer, 1));
	EXPECT_OK(gets_error_1(&client, "long"));
	for (tries = 0; tries < WAIT_MS / 100 && absents() != 1; tries++)
		wait_ms(100);
	EXPECT(absents() == 1);
	EXPECT_OK(gets_error_1(&client, "long"));
	EXPECT_OK(client_request(&client, RRQ, "short", "octet"));
	EXPECT(client_hears_nothing(&client, SILENCE_MS));
	client_close(&client);
	return NULL;
}

static const char *absents_are_bounded(void)
{
	static const char *const patterns[] = { "a*", "b*", "c*" }, *const names[] = { "a", "b", "c" };
	unsigned int max_globs = get_param("max_globs"), max_absents = get_param("max_absents");

	EXPECT_OK(fresh_namespace());
	EXPECT_OK(set_param("max_globs", 2));
	EXPECT_OK(set_param("max_absents", 2));
	EXPECT(ktftp_absent_add(k, NULL, NULL, 0, patterns, 3) == -ENOSPC);
	EXPECT(ktftp_absent_add(k, NULL, NULL, 0, names, 3) == -ENOSPC);
	EXPECT(absents() == 0);
	EXPECT(!ktftp_absent_add(k, NULL, NULL, 0, patterns, 2));
	EXPECT(!ktftp_absent_add(k, NULL, NULL, 0, names, 2));
	EXPECT(absents() == 4);
	EXPECT_OK(set_param("max_globs", max_globs));
	return set_param("max_absents", max_absents);
}

static const char *at_a_limit_what_replaces_something_is_let_in(void)
{
	unsigned int max_globs = get_param("max_globs"), max_entries = get_param("max_entries");
	static const char *const patterns[] = { "a*", "b*" };
	struct client client;
	int err;

	EXPECT_OK(serve(&client));
	EXPECT_OK(set_param("max_globs", 2));
	EXPECT_OK(set_param("max_entries", 1));
	EXPECT(!ktftp_absent_add(k, NULL, NULL, 1000, patterns, 2));
	EXPECT_OK(publish_text(NULL, "file", "old"));
	err = ktftp_absent_add(k, NULL, NULL, 1000, patterns, 2);
	EXPECT_OK(publish_text(NULL, "file", "new"));
	EXPECT_OK(set_param("max_globs", max_globs));
	EXPECT_OK(set_param("max_entries", max_entries));
	EXPECT(!err && absents() == 2 && entries() == 1);
	EXPECT_OK(gets_text(&client, "file", "new"));
	client_close(&client);
	return NULL;
}

static const char *names_that_differ_in_case_only_are_bounded(void)
{
	struct client client;
	char name[16];
	int i, err = 0;

	EXPECT_OK(serve(&client));
	for (i = 0; i < 2000 && !err; i++) {
		int bit;

		for (bit = 0; bit < 11; bit++)
			name[bit] = i >> bit & 1 ? 'X' : 'x';
		name[bit] = 0;
		err = publish(&(struct ktftp_properties){ .name = name }, "text", 4);
	}
	EXPECT(err == -ENOSPC);
	EXPECT(entries() > 100);
	EXPECT_OK(gets_text(&client, "xxxxxxxxxxx", "text"));
	client_close(&client);
	return NULL;
}

static const char *who_withdraws_by_owner_leaves_the_rest(void)
{
	const struct ktftp_properties own = { .name = "own", .owner = "set:one" };
	const struct ktftp_properties other = { .name = "other", .owner = "set:two" };
	static const char *const globs[] = { "gone*" };
	struct client client;
	uint32_t count;

	EXPECT_OK(serve(&client));
	EXPECT(!publish(&own, "1", 1));
	EXPECT(!publish(&other, "2", 1));
	EXPECT(!ktftp_absent_add(k, NULL, "set:one", 0, globs, 1));
	EXPECT(!ktftp_withdraw_all(k, NULL, "set:one", &count));
	EXPECT(count == 1);
	EXPECT_OK(gets_error_1(&client, "own"));
	EXPECT_OK(gets_text(&client, "other", "2"));
	EXPECT(!ktftp_withdraw_all(k, "elsewhere", NULL, &count) && count == 0);
	EXPECT(!ktftp_absent_del_all(k, NULL, "set:two", &count) && count == 0);
	EXPECT(!ktftp_absent_del_all(k, NULL, "set:one", &count) && count == 1);
	client_close(&client);
	return NULL;
}

static const char *a_content_with_another_digest_is_refused(void)
{
	struct ktftp_properties properties = { .name = "abc", .digest = abc_digest };
	struct client client;

	EXPECT_OK(serve(&client));
	EXPECT_OK(publish_text(NULL, "abc", "before"));
	EXPECT(publish(&properties, "abd", 3) == -EBADMSG);
	EXPECT_OK(gets_text(&client, "abc", "before"));
	EXPECT(!publish(&properties, "abc", 3));
	EXPECT_OK(gets_text(&client, "abc", "abc"));
	client_close(&client);
	return NULL;
}

static const char *the_digest_is_that_of_the_part_that_is_served(void)
{
	const struct ktftp_properties properties = { .name = "abc", .digest = abc_digest };
	struct ktftp_set *set = NULL;
	struct client client;
	char bytes[8200];
	int fd;

	EXPECT_OK(serve(&client));
	memset(bytes, 'x', sizeof(bytes));
	/* Across the end of a page. */
	memcpy(bytes + 4095, "abc", 3);
	fd = sealed_memfd(bytes, sizeof(bytes));
	set = ktftp_set_new(k);
	EXPECT(fd >= 0 && set);
	EXPECT(!ktftp_set_publish_fd(set, &properties, fd, KTFTP_KIND_SEALED, 4095, 3));
	EXPECT(!commit(set));
	ktftp_set_free(set);
	close(fd);
	EXPECT_OK(gets_text(&client, "abc", "abc"));
	client_close(&client);
	return NULL;
}

static const char *what_names_share_counts_once(void)
{
	struct ktftp_properties properties = { .name = "first" };
	const size_t page = sysconf(_SC_PAGESIZE);
	uint8_t *bytes = pattern(4 * page);
	struct ktftp_entry entry;
	uint32_t count;
	int fd;

	EXPECT_OK(fresh_namespace());
	fd = sealed_memfd(bytes, 4 * page);
	free(bytes);
	EXPECT(fd >= 0);
	EXPECT(!ktftp_publish_fd(k, &properties, fd, KTFTP_KIND_SEALED, &entry));
	EXPECT(held_bytes() >= 4 * page);
	EXPECT(!ktftp_budget_set(k, held_bytes()));
	/* No room for anything else, and this needs none. */
	properties.name = "second";
	EXPECT(!ktftp_publish_fd(k, &properties, fd, KTFTP_KIND_SEALED, &entry));
	properties.name = "third";
	EXPECT(publish(&properties, "text", 4) == -ENOSPC);
	close(fd);
	EXPECT(entries() == 2);
	EXPECT(!ktftp_withdraw_all(k, NULL, NULL, &count));
	EXPECT(held_in_the_end(0) == 0);
	EXPECT(!publish(&properties, "text", 4));
	return NULL;
}

static const char *what_a_download_still_needs_counts(void)
{
	static const char *const file[] = { "file" };
	struct packet packet;
	struct client client;
	uint64_t before;
	uint32_t count;

	EXPECT_OK(serve(&client));
	EXPECT_OK(publish_text(NULL, "file", "12345"));
	before = held_bytes();
	EXPECT(before > 0);
	EXPECT_OK(client_request(&client, RRQ, "file", "octet"));
	EXPECT_OK(client_expect_data(&client, &packet, 1));
	EXPECT(!ktftp_withdraw(k, NULL, file, 1, &count));
	EXPECT(held_bytes() == before);
	EXPECT_OK(client_ack(&client, packet.from_port, 1));
	EXPECT(held_in_the_end(0) == 0);
	client_close(&client);
	return NULL;
}

static const char *a_download_of_what_was_replaced_ends_after_the_grace(void)
{
	unsigned int grace_s = get_param("grace_s");
	uint8_t *bytes = pattern(2000);
	struct packet packet;
	struct client client;

	EXPECT_OK(serve(&client));
	EXPECT_OK(publish_bytes("file", bytes, 2000));
	free(bytes);
	EXPECT_OK(client_request(&client, RRQ, "file", "octet"));
	EXPECT_OK(client_expect_data(&client, &packet, 1));
	EXPECT_OK(publish_text(NULL, "file", "new"));
	EXPECT_OK(client_ack(&client, packet.from_port, 1));
	EXPECT_OK(client_expect_data(&client, &packet, 2));
	EXPECT_OK(set_param("grace_s", 0));
	EXPECT_OK(client_ack(&client, packet.from_port, 2));
	EXPECT_OK(client_expect_error(&client, 0));
	EXPECT_OK(set_param("grace_s", grace_s));
	EXPECT(transfers() == 0);
	EXPECT_OK(gets_text(&client, "file", "new"));
	client_close(&client);
	return NULL;
}

static const char *so_does_one_whose_client_is_silent(void)
{
	unsigned int grace_s = get_param("grace_s");
	uint8_t *bytes = pattern(2000);
	struct packet packet;
	struct client client;
	int tries;

	EXPECT_OK(serve(&client));
	EXPECT_OK(publish_bytes("file", bytes, 2000));
	free(bytes);
	EXPECT_OK(client_request(&client, RRQ, "file", "octet"));
	EXPECT_OK(client_expect_data(&client, &packet, 1));
	EXPECT_OK(client_ack(&client, packet.from_port, 1));
	EXPECT_OK(client_expect_data(&client, &packet, 2));
	EXPECT_OK(publish_text(NULL, "file", "new"));
	EXPECT_OK(set_param("grace_s", 0));
	for (tries = 0; tries < WAIT_MS / 20 && transfers(); tries++)
		wait_ms(20);
	EXPECT_OK(set_param("grace_s", grace_s));
	EXPECT(transfers() == 0);
	do {
		EXPECT(client_receive(&client, &packet, WAIT_MS));
	} while (packet.opcode == DATA);
	EXPECT(packet.opcode == ERROR && packet.value == 0);
	client_close(&client);
	return NULL;
}

/* What a set publishes stays open until it is committed. */
static int first_fd;

static void free_set(struct ktftp_set *set, int last_fd)
{
	ktftp_set_free(set);
	close(first_fd);
	close(last_fd);
}

/* A set with something of every kind, whose last item is @last; freed by free_set(). */
static struct ktftp_set *make_set(const char *last, int last_fd)
{
	static const char *const stack[] = { "staged", "default" };
	const struct ktftp_properties first = { .name = "file", .view = "staged" }, bad = { .name = last };
	struct ktftp_set *set = ktftp_set_new(k);

	first_fd = sealed_memfd("new", 3);
	if (!set || ktftp_set_publish_fd(set, &first, first_fd, KTFTP_KIND_SEALED, 0, 3) ||
	    ktftp_set_withdraw(set, NULL, "going") || ktftp_set_absent_add(set, NULL, NULL, 0, "absent*") ||
	    ktftp_set_stack(set, stack, 2) || ktftp_set_publish_fd(set, &bad, last_fd, KTFTP_KIND_SEALED, 0, 3)) {
		ktftp_set_free(set);
		set = NULL;
	}
	return set;
}

/* Nothing of that set has come about. */
static const char *expect_the_old_state(struct client *client)
{
	EXPECT_OK(gets_text(client, "file", "old"));
	EXPECT_OK(gets_text(client, "going", "here"));
	EXPECT(absents() == 0);
	EXPECT(entries() == 2);
	return NULL;
}

static const char *begin_old_state(struct client *client)
{
	EXPECT_OK(serve(client));
	EXPECT_OK(publish_text(NULL, "file", "old"));
	return publish_text(NULL, "going", "here");
}

static const char *a_set_comes_about_whole(void)
{
	struct ktftp_set_result result;
	struct ktftp_set *set;
	struct client client;
	int fd;

	EXPECT_OK(begin_old_state(&client));
	fd = sealed_memfd("one", 3);
	set = make_set("last", fd);
	EXPECT(set);
	EXPECT(!ktftp_set_commit(set, &result));
	free_set(set, fd);
	EXPECT(result.published == 2 && result.withdrawn == 1);
	EXPECT_OK(gets_text(&client, "file", "new"));
	EXPECT_OK(gets_text(&client, "last", "one"));
	EXPECT_OK(gets_error_1(&client, "going"));
	EXPECT(absents() == 1);
	client_close(&client);
	return NULL;
}

static const char *a_set_with_one_bad_item_changes_nothing(void)
{
	struct ktftp_set *set;
	struct client client;
	int fd;

	EXPECT_OK(begin_old_state(&client));
	/* Not sealed. */
	fd = memfd_create("bad", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	EXPECT(fd >= 0 && write(fd, "bad", 3) == 3);
	set = make_set("last", fd);
	EXPECT(set);
	EXPECT(commit(set) == -EPERM);
	EXPECT(ktftp_set_blamed(set) == 3);
	free_set(set, fd);
	EXPECT_OK(expect_the_old_state(&client));
	client_close(&client);
	return NULL;
}

static const char *a_set_that_is_too_large_changes_nothing(void)
{
	unsigned int max_entries = get_param("max_entries");
	struct ktftp_set *set;
	struct client client;
	int fd, err;

	EXPECT_OK(begin_old_state(&client));
	fd = sealed_memfd("one", 3);
	set = make_set("last", fd);
	EXPECT(set);
	EXPECT_OK(set_param("max_entries", 2));
	err = commit(set);
	EXPECT_OK(set_param("max_entries", max_entries));
	EXPECT(err == -ENOSPC);
	free_set(set, fd);
	EXPECT_OK(expect_the_old_state(&client));
	client_close(&client);
	return NULL;
}

static const char *a_set_that_withdraws_what_is_not_there_changes_nothing(void)
{
	struct ktftp_set *set;
	struct client client;
	int fd;

	EXPECT_OK(begin_old_state(&client));
	fd = sealed_memfd("one", 3);
	set = make_set("last", fd);
	EXPECT(set);
	EXPECT(!ktftp_set_withdraw(set, NULL, "never"));
	EXPECT(commit(set) == -ENOENT);
	EXPECT(ktftp_set_blamed(set) == 4);
	free_set(set, fd);
	EXPECT_OK(expect_the_old_state(&client));
	client_close(&client);
	return NULL;
}

static const char *a_name_twice_in_a_set_is_refused(void)
{
	struct ktftp_set *set;
	struct client client;
	int fd;

	EXPECT_OK(begin_old_state(&client));
	EXPECT_OK(publish_text("staged", "file", "staged"));
	EXPECT(entries() == 3);
	fd = sealed_memfd("one", 3);
	set = make_set("twice", fd);
	EXPECT(set);
	EXPECT(!ktftp_set_publish_fd(set, &(struct ktftp_properties){ .name = "twice" }, fd, KTFTP_KIND_SEALED, 0, 1));
	EXPECT(commit(set) == -EINVAL);
	EXPECT(ktftp_set_blamed(set) == 4);
	free_set(set, fd);
	EXPECT(entries() == 3);
	EXPECT_OK(gets_text(&client, "file", "old"));
	client_close(&client);
	return NULL;
}

/* Publishes a set of names with this version in all of them. */
static int publish_version(uint32_t version)
{
	struct ktftp_set *set = ktftp_set_new(k);
	int fd = sealed_memfd(&version, sizeof(version)), i, err = 0;
	char name[16];

	for (i = 0; i < FILLERS + 2 && !err; i++) {
		snprintf(name, sizeof(name), "%s", i == 0 ? "first" : "last");
		if (i > 0 && i <= FILLERS)
			snprintf(name, sizeof(name), "filler%d", i);
		err = ktftp_set_publish_fd(set, &(struct ktftp_properties){ .name = name }, fd, KTFTP_KIND_SEALED, 0,
					   sizeof(version));
	}
	if (!err)
		err = commit(set);
	ktftp_set_free(set);
	close(fd);
	return err;
}

/* A process that publishes version after version, until it is killed. */
static pid_t publish_for_ever(void)
{
	pid_t child = fork();
	uint32_t version = 1;

	if (child)
		return child;
	ktftp_close(k);
	if (!ktftp_open(&k))
		while (!publish_version(++version))
			;
	_exit(1);
}

static const char *get_version(struct client *client, const char *name, uint32_t *version)
{
	struct packet packet;

	EXPECT_OK(client_request(client, RRQ, name, "octet"));
	do {
		EXPECT(client_receive(client, &packet, WAIT_MS));
		EXPECT(packet.opcode == DATA && packet.value == 1);
		EXPECT(packet.length == 4 + sizeof(*version));
		memcpy(version, packet.bytes + 4, sizeof(*version));
		EXPECT_OK(client_ack(client, packet.from_port, 1));
	} while (!client_hears_nothing(client, 0));
	return NULL;
}

/* What is asked for later is never older, in whichever order the names of the set are asked for. */
static const char *watch(struct client *client)
{
	uint32_t first, last, version = 0;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		EXPECT_OK(get_version(client, i % 2 ? "first" : "last", &first));
		EXPECT_OK(get_version(client, i % 2 ? "last" : "first", &last));
		EXPECT(first >= version);
		EXPECT(last >= first);
		version = last;
	}
	/* Somebody did publish meanwhile. */
	EXPECT(version > 1);
	return NULL;
}

static const char *a_set_is_seen_whole_at_one_moment(void)
{
	struct client client;
	const char *why;
	pid_t child;
	int status;

	EXPECT_OK(serve(&client));
	EXPECT(!publish_version(1));
	child = publish_for_ever();
	EXPECT(child > 0);
	why = watch(&client);
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	EXPECT_OK(why);
	EXPECT(WIFSIGNALED(status));
	EXPECT(entries() == FILLERS + 2);
	client_close(&client);
	return NULL;
}

int main(int argc, char **argv)
{
	static const struct ktap_test tests[] = {
		TEST(of_a_name_in_several_views_the_uppermost_counts),
		TEST(a_withdrawn_name_uncovers_that_of_the_view_below),
		TEST(a_stack_of_views_is_checked),
		TEST(an_absent_is_answered_at_once_beside_a_daemon),
		TEST(a_published_name_wins_over_absents),
		TEST(an_absent_of_a_view_nobody_sees_is_none),
		TEST(an_absent_ends_when_its_time_is_over),
		TEST(absents_are_bounded),
		TEST(at_a_limit_what_replaces_something_is_let_in),
		TEST(names_that_differ_in_case_only_are_bounded),
		TEST(who_withdraws_by_owner_leaves_the_rest),
		TEST(a_content_with_another_digest_is_refused),
		TEST(the_digest_is_that_of_the_part_that_is_served),
		TEST(what_names_share_counts_once),
		TEST(what_a_download_still_needs_counts),
		TEST(a_download_of_what_was_replaced_ends_after_the_grace),
		TEST(so_does_one_whose_client_is_silent),
		TEST(a_set_comes_about_whole),
		TEST(a_set_with_one_bad_item_changes_nothing),
		TEST(a_set_that_is_too_large_changes_nothing),
		TEST(a_set_that_withdraws_what_is_not_there_changes_nothing),
		TEST(a_name_twice_in_a_set_is_refused),
		TEST(a_set_is_seen_whole_at_one_moment),
	};

	return ktap_run(tests, sizeof(tests) / sizeof(*tests), argc > 1 ? argv[1] : NULL);
}
