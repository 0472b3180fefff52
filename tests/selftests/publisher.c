// SPDX-License-Identifier: GPL-2.0
/* The daemon's publisher, the folder's names in the module: sets, restarts without a gap, budgets, what is asked for. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/sha.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "client.h"
#include "folder/publisher.h"
#include "ktap.h"

#define SERVER    "127.0.0.1"
#define PORT      69
#define FOLDER    "/run/ktftp-publisher"
#define MB        (1 << 20)

/* Names between the first and the last one of a set that is swapped: time for somebody to look. */
#define FILLERS   200

/* Of what is noted. */
#define TEXT_MOST 8192

static struct publisher *p;

/* What was told by hooks. */
static struct {
	char pinned[TEXT_MOST];
	char notes[TEXT_MOST];
	size_t pinned_count;
	size_t unpinned_count;
} told;

static void append(char *to, size_t room, const char *format, ...)
{
	size_t used = strlen(to);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(to + used, room - used, format, arguments);
	va_end(arguments);
}

static int open_content(const struct folder_file *file, void *context)
{
	int fd = open(file->path, O_RDONLY | O_CLOEXEC);

	(void)context;
	return fd < 0 ? -errno : fd;
}

static void on_pinned(const struct folder_change *changes, size_t count, void *context)
{
	size_t i;

	(void)context;
	for (i = 0; i < count; i++) {
		bool is_pinned = changes[i].what == FOLDER_PINNED;

		append(told.pinned, sizeof(told.pinned), "%c%s ", is_pinned ? '+' : '-', changes[i].name);
		told.pinned_count += is_pinned;
		told.unpinned_count += !is_pinned;
	}
}

static void on_note(int level, const char *text, void *context)
{
	(void)level;
	(void)context;
	append(told.notes, sizeof(told.notes), "%s\n", text);
}

static void forget_told(void)
{
	memset(&told, 0, sizeof(told));
}

static bool was_noted(const char *what)
{
	return strstr(told.notes, what);
}

static const char *start(uint64_t pin_bytes)
{
	const struct publisher_hooks hooks = { .open = open_content, .pinned = on_pinned, .note = on_note };
	char why[256];

	publisher_free(p);
	p = NULL;
	forget_told();
	EXPECT(!publisher_new(pin_bytes, &hooks, &p, why, sizeof(why)));
	return NULL;
}

/* A new namespace and a new folder. */
static const char *begin(uint64_t pin_bytes)
{
	EXPECT_OK(fresh_namespace());
	EXPECT(!system("rm -rf " FOLDER " && mkdir " FOLDER));
	EXPECT_OK(listen_on("0.0.0.0", 0));
	return start(pin_bytes);
}

/* A file of so many bytes that are all the same letter, and what the folder says of it. */
static struct folder_change ready(const char *name, char letter, size_t bytes)
{
	struct folder_change change = { .what = FOLDER_READY, .view = "default", .name = strdup(name) };
	uint8_t *content = malloc(bytes + 1);
	char replaced[256];
	FILE *file;

	memset(content, letter, bytes);
	change.file.size = bytes;
	SHA256(content, bytes, change.file.digest);
	if (asprintf(&change.file.path, FOLDER "/%s", name) < 0)
		abort();
	snprintf(replaced, sizeof(replaced), FOLDER "/.new");
	file = fopen(replaced, "we");
	if (!file || fwrite(content, 1, bytes, file) != bytes || fclose(file) || rename(replaced, change.file.path))
		abort();
	free(content);
	return change;
}

static struct folder_change gone(const char *name)
{
	return (struct folder_change){ .what = FOLDER_GONE, .view = "default", .name = strdup(name) };
}

static bool pinned[8192];

/* What is committed together. */
#define TOGETHER(...)                            \
	(struct folder_change[]){ __VA_ARGS__ }, \
		sizeof((struct folder_change[]){ __VA_ARGS__ }) / sizeof(struct folder_change)

/* Commits, and says how many of them are pinned by that. */
static size_t commit(struct folder_change *changes, size_t count)
{
	size_t sum = 0, i;

	memset(pinned, 0, sizeof(pinned));
	if (publisher_commit(p, changes, count, pinned))
		return SIZE_MAX;
	for (i = 0; i < count; i++) {
		sum += pinned[i];
		free(changes[i].name);
		free(changes[i].file.path);
	}
	return sum;
}

static size_t commit_one(struct folder_change change)
{
	return commit(&change, 1);
}

/* What the module has under a name. */
static struct ktftp_entry found;

static int find_one(const struct ktftp_entry *entry, void *context)
{
	if (strcmp(entry->name, context))
		return 0;
	found = *entry;
	return 1;
}

static bool find(const char *name)
{
	memset(&found, 0, sizeof(found));
	return ktftp_entry_list(k, find_one, (void *)name) == 1;
}

static int count_one(const struct ktftp_entry *entry, void *context)
{
	(void)entry;
	++*(size_t *)context;
	return 0;
}

static size_t entries(void)
{
	size_t count = 0;

	return ktftp_entry_list(k, count_one, &count) ? SIZE_MAX : count;
}

static uint64_t held_bytes(void)
{
	struct ktftp_info info;

	return ktftp_info_get(k, &info) ? UINT64_MAX : info.namespace_bytes;
}

/* What is withdrawn is given back a moment later. */
static bool holds_at_most(uint64_t bytes)
{
	int tries;

	for (tries = 0; tries < 500 && held_bytes() > bytes; tries++)
		usleep(10000);
	return held_bytes() <= bytes;
}

/* A machine that is busy sends copies, and late ones. */
static const char *next_block(struct client *client, struct packet *packet, uint16_t block)
{
	do {
		EXPECT(client_receive(client, packet, WAIT_MS));
		EXPECT(packet->opcode == DATA);
	} while (packet->value < block);
	EXPECT(packet->value == block);
	return client_ack(client, packet->from_port, block);
}

/* Downloads a file of so many letters by a port of its own; less than 65535 blocks. */
static const char *download(const char *name, char *letter, size_t bytes)
{
	static struct packet packet;
	struct client client;
	size_t done = 0, i;
	uint16_t block = 0;

	*letter = 0;
	EXPECT_OK(client_open(&client, SERVER, PORT));
	EXPECT_OK(client_request(&client, RRQ, name, "octet"));
	do {
		EXPECT_OK(next_block(&client, &packet, ++block));
		if (block == 1 && packet.length > 4)
			*letter = packet.bytes[4];
		for (i = 4; i < packet.length; i++, done++)
			EXPECT(packet.bytes[i] == *letter);
	} while (packet.length == 516);
	client_close(&client);
	EXPECT(done == bytes);
	return NULL;
}

static const char *gets(const char *name, char letter, size_t bytes)
{
	char is;

	EXPECT_OK(download(name, &is, bytes));
	EXPECT(!bytes || is == letter);
	return NULL;
}

static bool total_is(uint64_t names, uint64_t bytes)
{
	uint64_t pinned_names, pinned_bytes;

	publisher_totals(p, &pinned_names, &pinned_bytes);
	return pinned_names == names && pinned_bytes == bytes;
}

static const char *nothing_is_published_before_everything_is_known(void)
{
	EXPECT_OK(begin(KTFTP_NO_LIMIT));
	EXPECT(commit_one(ready("small", 's', 1000)) == 0);
	EXPECT(commit_one(ready("large", 'l', 100000)) == 0);
	EXPECT(!publisher_adjust(p));
	EXPECT(entries() == 0);
	EXPECT(!*told.pinned);
	EXPECT(!publisher_reconcile(p));
	EXPECT(entries() == 2);
	EXPECT(told.pinned_count == 2 && strstr(told.pinned, "+small ") && strstr(told.pinned, "+large "));
	EXPECT(total_is(2, 101000));
	EXPECT_OK(gets("small", 's', 1000));
	return gets("large", 'l', 100000);
}

static const char *files_are_the_folders_by_name_owner_source_and_digest(void)
{
	struct folder_change change;
	uint8_t digest[KTFTP_DIGEST_BYTES];

	EXPECT_OK(begin(KTFTP_NO_LIMIT));
	EXPECT(!publisher_reconcile(p));
	change = ready("large", 'l', 100000);
	memcpy(digest, change.file.digest, sizeof(digest));
	EXPECT(commit_one(change) == 1);
	EXPECT(find("large"));
	EXPECT(found.kind == KTFTP_KIND_PINNED && found.size == 100000);
	EXPECT(!strcmp(found.owner, "folder") && !strcmp(found.source, FOLDER "/large"));
	EXPECT(found.has_digest && !memcmp(found.digest, digest, sizeof(digest)));
	EXPECT(!found.while_attached);
	EXPECT(commit_one(ready("small", 's', 65536)) == 1);
	EXPECT(find("small") && found.kind == KTFTP_KIND_SEALED);
	EXPECT(commit_one(ready("empty", 'e', 0)) == 1);
	EXPECT_OK(gets("empty", 'e', 0));
	EXPECT(!*told.pinned && !*told.notes);
	return NULL;
}

static const char *small_files_share_memory(void)
{
	static struct folder_change changes[1000];
	char name[32];
	size_t i;

	EXPECT_OK(begin(KTFTP_NO_LIMIT));
	EXPECT(!publisher_reconcile(p));
	for (i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "SEP%09zu.cnf.xml", i);
		changes[i] = ready(name, 'a' + i % 26, 700);
	}
	EXPECT(commit(changes, 1000) == 1000);
	EXPECT(held_bytes() <= 704 * 1000 + 4096);
	EXPECT_OK(gets("SEP000000000.cnf.xml", 'a', 700));
	return gets("SEP000000999.cnf.xml", 'a' + 999 % 26, 700);
}

static const char *what_is_not_new_stays_as_it_is(void)
{
	uint32_t id;

	EXPECT_OK(begin(KTFTP_NO_LIMIT));
	EXPECT(!publisher_reconcile(p));
	EXPECT(commit_one(ready("file", 'f', 2000)) == 1);
	EXPECT_OK(gets("file", 'f', 2000));
	EXPECT(find("file"));
	id = found.id;
	EXPECT(commit_one(ready("file", 'f', 2000)) == 1);
	EXPECT(!publisher_adjust(p));
	EXPECT(find("file") && found.id == id && found.hits == 1);
	EXPECT(commit_one(ready("file", 'g', 2000)) == 1);
	EXPECT(find("file") && found.id != id);
	EXPECT_OK(gets("file", 'g', 2000));
	EXPECT(commit_one(gone("file")) == 0);
	EXPECT(entries() == 0 && total_is(0, 0));
	EXPECT(!*told.notes);
	return NULL;
}

/* Which letter a file of one byte is; 0 when it cannot be had. */
static char letter_of(const char *name)
{
	char letter;

	return download(name, &letter, 1) ? 0 : letter;
}

/* A process that looks, again and again, whether the last of a set is older than the first. Ends by its own word. */
static const char *look_until_new(void)
{
	char first, last;

	do {
		first = letter_of("a-first");
		last = letter_of("z-last");
		EXPECT(first && last);
		EXPECT(!(first == 'n' && last == 'o'));
		last = letter_of("z-last");
		first = letter_of("a-first");
		EXPECT(!(last == 'n' && first == 'o'));
	} while (first != 'n');
	return NULL;
}

/* Returns when it has begun. */
static pid_t fork_looker(const char *(*look)(void))
{
	int begun[2];
	const char *why;
	char byte;
	pid_t pid;

	if (pipe(begun))
		return -1;
	pid = fork();
	if (pid) {
		close(begun[1]);
		if (read(begun[0], &byte, 1) != 1)
			pid = -1;
		close(begun[0]);
		return pid;
	}
	alarm(60);
	why = write(begun[1], "", 1) == 1 ? look() : "the test does not listen";
	if (why)
		printf("# %s\n", why);
	fflush(stdout);
	_exit(why ? 1 : 0);
}

static bool ended_well(pid_t pid)
{
	int status;

	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && !WEXITSTATUS(status);
}

static const char *what_is_committed_together_is_swapped_at_one_moment(void)
{
	static struct folder_change changes[FILLERS + 2];
	char name[32], letter;
	size_t i;
	pid_t pid;

	EXPECT_OK(begin(KTFTP_NO_LIMIT));
	EXPECT(!publisher_reconcile(p));
	for (letter = 'o'; letter >= 'n'; letter--) {
		changes[0] = ready("a-first", letter, 1);
		for (i = 1; i <= FILLERS; i++) {
			snprintf(name, sizeof(name), "filler%zu", i);
			changes[i] = ready(name, letter, 100);
		}
		changes[FILLERS + 1] = ready("z-last", letter, 1);
		pid = letter == 'n' ? fork_looker(look_until_new) : 0;
		EXPECT(commit(changes, FILLERS + 2) == FILLERS + 2);
	}
	EXPECT(ended_well(pid));
	return NULL;
}

/* Downloads, each of which has to come to a good end, until there is a file that says that it is enough. */
static const char *download_until_enough(void)
{
	do {
		EXPECT(letter_of("same"));
		EXPECT(letter_of("changed"));
	} while (access(FOLDER "/enough", F_OK));
	return NULL;
}

static const char *a_restart_changes_what_has_changed_and_leaves_no_gap(void)
{
	uint32_t id;
	pid_t pid;
	int i;

	EXPECT_OK(begin(KTFTP_NO_LIMIT));
	EXPECT(!publisher_reconcile(p));
	EXPECT(commit(TOGETHER(ready("same", 's', 1), ready("changed", 'o', 1), ready("gone", 'g', 1))) == 3);
	EXPECT_OK(gets("same", 's', 1));
	pid = fork_looker(download_until_enough);
	EXPECT(find("same") && found.hits >= 1);
	id = found.id;
	for (i = 0; i < 20; i++) {
		EXPECT_OK(start(KTFTP_NO_LIMIT));
		EXPECT(commit_one(ready("same", 's', 1)) == 0);
		EXPECT(commit_one(ready("changed", 'a' + i, 1)) == 0);
		EXPECT(!publisher_reconcile(p));
		EXPECT(told.pinned_count == 2 && !*told.notes);
		EXPECT(find("same") && found.id == id && found.hits >= 1);
		EXPECT(entries() == 2);
	}
	free(ready("enough", 'e', 1).name);
	EXPECT(ended_well(pid));
	return gets("changed", 'a' + 19, 1);
}

static const char *what_does_not_fit_is_left_to_the_daemon(void)
{
	EXPECT_OK(begin(KTFTP_NO_LIMIT));
	EXPECT(!ktftp_budget_set(k, 3 * MB));
	EXPECT(!publisher_reconcile(p));
	EXPECT(commit(TOGETHER(ready("a", 'a', 2 * MB), ready("b", 'b', MB), ready("c", 'c', 2 * MB))) == 2);
	EXPECT(pinned[1] && pinned[0] != pinned[2]);
	EXPECT(held_bytes() <= 3 * MB);
	EXPECT(was_noted("1 of 3 names do not fit") && was_noted("ktftpctl budget"));
	forget_told();
	EXPECT(!publisher_adjust(p));
	EXPECT(!*told.notes && !*told.pinned);
	EXPECT(!ktftp_budget_set(k, 5 * MB));
	EXPECT(!publisher_adjust(p));
	EXPECT(told.pinned_count == 1 && !told.unpinned_count && total_is(3, 5 * MB));
	EXPECT(was_noted("all 3 names fit"));
	return NULL;
}

static const char *no_more_is_held_than_it_may_be(void)
{
	struct folder_change changes[20];
	char name[8];
	size_t i;

	EXPECT_OK(begin(3 * MB));
	EXPECT(!publisher_reconcile(p));
	for (i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "%c", (char)('a' + i));
		changes[i] = ready(name, 'a', i % 2 ? 300001 : 33333);
	}
	EXPECT(commit(changes, 20) >= 10 + 6);
	EXPECT(held_bytes() <= 3 * MB);
	EXPECT(was_noted("pin_bytes: 3 MiB"));
	publisher_set_limit(p, 10 * 36864);
	EXPECT(!publisher_adjust(p));
	EXPECT(holds_at_most(10 * 36864));
	EXPECT(entries() == 10);
	publisher_set_limit(p, KTFTP_NO_LIMIT);
	EXPECT(!publisher_adjust(p));
	EXPECT(entries() == 20);
	EXPECT_OK(gets("a", 'a', 33333));
	return gets("t", 'a', 300001);
}

static const char *names_of_what_does_not_fit_have_not_the_content_of_before(void)
{
	EXPECT_OK(begin(KTFTP_NO_LIMIT));
	EXPECT(!ktftp_budget_set(k, 3 * MB));
	EXPECT(!publisher_reconcile(p));
	EXPECT(commit(TOGETHER(ready("a", 'o', 2 * MB), ready("b", 'o', 1000))) == 2);
	/* The new one does not fit beside the old one, which is held until the change is made. */
	EXPECT(commit(TOGETHER(ready("a", 'n', 2 * MB), ready("b", 'n', 1000))) == 1);
	EXPECT(pinned[1] && !find("a") && entries() == 1);
	EXPECT(!publisher_adjust(p));
	EXPECT(!strcmp(told.pinned, "+a "));
	EXPECT_OK(gets("a", 'n', 2 * MB));
	return gets("b", 'n', 1000);
}

static void tell_hits(const char *name, uint64_t hits)
{
	struct folder_hits one = { .view = "default", .name = (char *)name, .hits = hits };

	publisher_hits(p, &one, 1);
}

/* Room for one file of 100000 bytes. */
#define ONE_FILE 102400

static const char *what_is_asked_for_most_is_held(void)
{
	int i;

	EXPECT_OK(begin(ONE_FILE));
	EXPECT(!publisher_reconcile(p));
	EXPECT(commit_one(ready("first", 'f', 100000)) == 1);
	EXPECT(commit_one(ready("second", 's', 100000)) == 0);
	forget_told();
	/* Not for one request more. */
	tell_hits("second", 1);
	EXPECT(!publisher_adjust(p));
	EXPECT(!*told.pinned && find("first"));
	tell_hits("second", 5);
	EXPECT(!publisher_adjust(p));
	EXPECT(strstr(told.pinned, "+second ") && strstr(told.pinned, "-first "));
	EXPECT(find("second") && !find("first"));
	EXPECT_OK(gets("second", 's', 100000));
	forget_told();
	/* What the module counts counts as well. */
	for (i = 0; i < 5; i++)
		EXPECT_OK(gets("second", 's', 100000));
	tell_hits("first", 23);
	EXPECT(!publisher_adjust(p));
	EXPECT(!*told.pinned);
	tell_hits("first", 10);
	EXPECT(!publisher_adjust(p));
	EXPECT(told.pinned_count == 1 && told.unpinned_count == 1 && find("first"));
	return NULL;
}

static const char *hits_outlive_a_restart_as_far_as_the_module_counts_them(void)
{
	int i;

	EXPECT_OK(begin(ONE_FILE));
	EXPECT(!publisher_reconcile(p));
	EXPECT(commit_one(ready("first", 'f', 100000)) == 1);
	for (i = 0; i < 4; i++)
		EXPECT_OK(gets("first", 'f', 100000));
	EXPECT_OK(start(ONE_FILE));
	EXPECT(commit(TOGETHER(ready("first", 'f', 100000), ready("second", 's', 100000))) == 0);
	EXPECT(!publisher_reconcile(p));
	tell_hits("second", 8);
	EXPECT(!publisher_adjust(p));
	EXPECT(find("first") && !strcmp(told.pinned, "+first "));
	tell_hits("second", 8);
	EXPECT(!publisher_adjust(p));
	EXPECT(find("second") && !find("first"));
	return NULL;
}

/* A piece of memory goes when the last of its names does. */
static const char *small_files_change_places_as_well(void)
{
	static struct folder_change changes[200];
	char name[32];
	size_t i;

	EXPECT_OK(begin(2 * MB));
	EXPECT(!publisher_reconcile(p));
	for (i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "small%03zu", i);
		changes[i] = ready(name, 's', 8000);
	}
	EXPECT(commit(changes, 200) == 200);
	EXPECT(commit_one(ready("large", 'l', MB)) == 0);
	tell_hits("large", 100);
	EXPECT(!publisher_adjust(p));
	EXPECT(find("large"));
	EXPECT(holds_at_most(2 * MB));
	/* More than a few of them have stayed. */
	EXPECT(entries() > 50 && entries() < 150);
	return gets("large", 'l', MB);
}

static int publish_by_hand(const char *name, const char *text)
{
	const struct ktftp_properties properties = { .name = name };
	int fd = sealed_memfd(text, strlen(text)), err;
	struct ktftp_entry entry;

	err = ktftp_publish_fd(k, &properties, fd, KTFTP_KIND_SEALED, &entry);
	close(fd);
	return err;
}

static const char *what_was_published_by_hand_stays(void)
{
	uint32_t count;

	EXPECT_OK(begin(KTFTP_NO_LIMIT));
	EXPECT(!publisher_reconcile(p));
	EXPECT(!publish_by_hand("file", "by hand"));
	EXPECT(!publisher_adjust(p));
	EXPECT(commit(TOGETHER(ready("file", 'f', 1000), ready("other", 'o', 1000))) == 1);
	EXPECT(pinned[1] && find("file") && !strcmp(found.owner, "cli"));
	EXPECT(was_noted("file (view default) was published by hand"));
	forget_told();
	EXPECT(!publisher_adjust(p));
	EXPECT(!*told.notes && !*told.pinned);
	EXPECT(commit_one(gone("file")) == 0);
	EXPECT(find("file") && found.size == 7);
	EXPECT(commit_one(ready("file", 'f', 1000)) == 0);
	EXPECT(!ktftp_withdraw(k, NULL, &(const char *){ "file" }, 1, &count));
	EXPECT(!publisher_adjust(p));
	EXPECT(!strcmp(told.pinned, "+file "));
	return gets("file", 'f', 1000);
}

static const char *what_is_published_by_hand_over_a_file_stays(void)
{
	EXPECT_OK(begin(KTFTP_NO_LIMIT));
	EXPECT(!publisher_reconcile(p));
	EXPECT(commit_one(ready("file", 'f', 1000)) == 1);
	EXPECT(!publish_by_hand("file", "by hand"));
	EXPECT(!publisher_adjust(p));
	EXPECT(!strcmp(told.pinned, "-file ") && was_noted("by hand"));
	EXPECT(commit_one(ready("file", 'g', 1000)) == 0);
	EXPECT(find("file") && found.size == 7);
	return NULL;
}

static const char *what_was_withdrawn_by_hand_comes_back(void)
{
	uint32_t count;

	EXPECT_OK(begin(KTFTP_NO_LIMIT));
	EXPECT(!publisher_reconcile(p));
	EXPECT(commit(TOGETHER(ready("a", 'a', 1000), ready("b", 'b', 1000))) == 2);
	EXPECT(!ktftp_withdraw_all(k, NULL, NULL, &count) && count == 2);
	/* The list was looked at a moment ago: a name that is not there any more is in nobody's way. */
	EXPECT(commit(TOGETHER(gone("a"), ready("c", 'c', 1000))) == 1);
	EXPECT(!publisher_adjust(p));
	EXPECT(entries() == 2 && find("b") && find("c"));
	return NULL;
}

static const char *others_are_left_alone(void)
{
	EXPECT_OK(begin(KTFTP_NO_LIMIT));
	EXPECT(!publish_by_hand("theirs", "by hand"));
	EXPECT(commit_one(ready("ours", 'o', 1000)) == 0);
	EXPECT(!publisher_reconcile(p));
	EXPECT(commit_one(gone("ours")) == 0);
	EXPECT(!publisher_adjust(p));
	EXPECT(entries() == 1 && find("theirs"));
	EXPECT(!*told.notes);
	return NULL;
}

static const char *without_a_budget_everything_is_left_to_the_daemon(void)
{
	EXPECT_OK(begin(KTFTP_NO_LIMIT));
	EXPECT(!publisher_reconcile(p));
	EXPECT(commit_one(ready("held", 'h', 100000)) == 1);
	EXPECT(!ktftp_budget_set(k, 0));
	EXPECT(commit(TOGETHER(ready("a", 'a', 1000), ready("b", 'b', 100000), ready("c", 'c', 0))) == 0);
	EXPECT(was_noted("3 of 4 names do not fit"));
	EXPECT(commit_one(ready("held", 'n', 100000)) == 0);
	EXPECT(entries() == 0);
	EXPECT(!publisher_adjust(p));
	EXPECT(!ktftp_budget_set(k, MB));
	EXPECT(!publisher_adjust(p));
	EXPECT(entries() == 4 && total_is(4, 201000));
	return NULL;
}

static const char *a_file_that_is_written_to_is_not_in_the_way_of_others(void)
{
	struct folder_change changes[2];
	int fd;

	EXPECT_OK(begin(KTFTP_NO_LIMIT));
	EXPECT(!publisher_reconcile(p));
	EXPECT(commit(TOGETHER(ready("busy", 'o', 100000), ready("other", 'o', 100000))) == 2);
	changes[0] = ready("busy", 'n', 100000);
	changes[1] = ready("other", 'n', 100000);
	fd = open(FOLDER "/busy", O_WRONLY | O_CLOEXEC);
	EXPECT(fd >= 0);
	EXPECT(commit(changes, 2) == 1);
	EXPECT(!pinned[0] && !find("busy") && find("other"));
	EXPECT(was_noted("busy: somebody has the file open for writing"));
	forget_told();
	EXPECT(!publisher_adjust(p));
	EXPECT(!*told.notes && !*told.pinned);
	close(fd);
	EXPECT(!publisher_adjust(p));
	EXPECT(!strcmp(told.pinned, "+busy "));
	return gets("busy", 'n', 100000);
}

static const char *a_content_that_is_not_what_was_said_is_refused(void)
{
	struct folder_change changes[3];

	EXPECT_OK(begin(KTFTP_NO_LIMIT));
	EXPECT(!publisher_reconcile(p));
	changes[0] = ready("good", 'g', 100000);
	changes[1] = ready("bad", 'b', 100000);
	changes[1].file.digest[0] ^= 1;
	changes[2] = ready("away", 'a', 1000);
	EXPECT(!unlink(FOLDER "/away"));
	EXPECT(commit(changes, 3) == 1);
	EXPECT(pinned[0] && entries() == 1);
	EXPECT(was_noted("bad: the content has another SHA-256"));
	EXPECT(was_noted("away: No such file"));
	return NULL;
}

static const char *more_names_than_a_set_has_are_published_in_several(void)
{
	static struct folder_change changes[5000];
	char name[32];
	size_t i;

	EXPECT_OK(begin(KTFTP_NO_LIMIT));
	EXPECT(!publisher_reconcile(p));
	for (i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "name%04zu", i);
		changes[i] = ready(name, 'x', i % 300);
	}
	EXPECT(commit(changes, 5000) == 5000);
	EXPECT(was_noted("5000 names changed at one moment") && was_noted("in 2"));
	EXPECT(entries() == 5000);
	for (i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "name%04zu", i);
		changes[i] = gone(name);
	}
	EXPECT(commit(changes, 5000) == 0);
	EXPECT(entries() == 0 && holds_at_most(0));
	return NULL;
}

static const char *names_of_other_views_are_other_names(void)
{
	struct folder_change changes[2];

	EXPECT_OK(begin(KTFTP_NO_LIMIT));
	EXPECT(!publisher_reconcile(p));
	changes[0] = ready("file", 'd', 1000);
	changes[1] = ready("file", 'd', 1000);
	strcpy(changes[1].view, "staged");
	EXPECT(commit(changes, 2) == 2);
	EXPECT(entries() == 2);
	changes[0] = gone("file");
	EXPECT(commit(changes, 1) == 0);
	EXPECT(find("file") && !strcmp(found.view, "staged"));
	return NULL;
}

static bool becomes_unloaded(void)
{
	int tries;

	for (tries = 0; tries < 100; tries++) {
		if (!system("rmmod ktftp 2> /dev/null"))
			return true;
		usleep(100000);
	}
	return false;
}

static const char *without_the_module_everything_is_left_to_the_daemon(void)
{
	const struct ktftp_listener everywhere = { .address.length = 4 };

	EXPECT_OK(begin(KTFTP_NO_LIMIT));
	EXPECT(!publisher_reconcile(p));
	EXPECT(commit(TOGETHER(ready("a", 'a', 1000), ready("b", 'b', 100000))) == 2);
	EXPECT(!ktftp_listener_del(k, &everywhere, true));
	EXPECT(becomes_unloaded());
	EXPECT(commit_one(ready("c", 'c', 1000)) == 0);
	EXPECT(told.unpinned_count == 2 && was_noted("the module does not answer"));
	forget_told();
	EXPECT(!publisher_adjust(p));
	EXPECT(!*told.notes && total_is(0, 0));
	EXPECT(!system("ktftp-load"));
	EXPECT(!publisher_adjust(p));
	EXPECT(told.pinned_count == 3 && was_noted("the module answers again"));
	ktftp_close(k);
	EXPECT(!ktftp_open(&k));
	EXPECT(entries() == 3);
	return NULL;
}

int main(int argc, char **argv)
{
	const struct ktap_test tests[] = {
		TEST(nothing_is_published_before_everything_is_known),
		TEST(files_are_the_folders_by_name_owner_source_and_digest),
		TEST(small_files_share_memory),
		TEST(what_is_not_new_stays_as_it_is),
		TEST(what_is_committed_together_is_swapped_at_one_moment),
		TEST(a_restart_changes_what_has_changed_and_leaves_no_gap),
		TEST(what_does_not_fit_is_left_to_the_daemon),
		TEST(no_more_is_held_than_it_may_be),
		TEST(names_of_what_does_not_fit_have_not_the_content_of_before),
		TEST(what_is_asked_for_most_is_held),
		TEST(hits_outlive_a_restart_as_far_as_the_module_counts_them),
		TEST(small_files_change_places_as_well),
		TEST(what_was_published_by_hand_stays),
		TEST(what_is_published_by_hand_over_a_file_stays),
		TEST(what_was_withdrawn_by_hand_comes_back),
		TEST(others_are_left_alone),
		TEST(without_a_budget_everything_is_left_to_the_daemon),
		TEST(a_file_that_is_written_to_is_not_in_the_way_of_others),
		TEST(a_content_that_is_not_what_was_said_is_refused),
		TEST(more_names_than_a_set_has_are_published_in_several),
		TEST(names_of_other_views_are_other_names),
		TEST(without_the_module_everything_is_left_to_the_daemon),
	};
	int status = ktap_run(tests, sizeof(tests) / sizeof(*tests), argc > 1 ? argv[1] : NULL);

	publisher_free(p);
	ktftp_close(k);
	return status;
}
