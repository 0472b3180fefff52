// SPDX-License-Identifier: GPL-2.0
/* The store: a file for each different content. */
#include "unit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "folder/store.h"

#define SHA256_OF_ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define PLACE_OF_ABC  "content/ba/" SHA256_OF_ABC

static char dir[] = "/tmp/ktftp-store-XXXXXX";
static const atomic_bool go_on;

static int make_dir(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/ktftp-store-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static struct store *opened(void)
{
	struct store *s = NULL;
	char why[256] = "";

	assert_int_equal(store_new(dir, &s, why, sizeof(why)), 0);
	return s;
}

static const char *in_dir(const char *path)
{
	static char whole[256];

	snprintf(whole, sizeof(whole), "%s/%s", dir, path);
	return whole;
}

static bool exists(const char *path)
{
	return !access(in_dir(path), F_OK);
}

static void write_file(const char *path, const char *text, size_t bytes)
{
	int fd = open(in_dir(path), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, bytes), bytes);
	close(fd);
}

static int take_sized(struct store *s, const char *path, uint64_t size, uint8_t *digest)
{
	int fd = open(in_dir(path), O_RDONLY), err;

	assert_true(fd >= 0);
	err = store_take(s, fd, size, &go_on, digest);
	close(fd);
	return err;
}

static void take(struct store *s, const char *text, uint8_t *digest)
{
	write_file("source", text, strlen(text));
	assert_int_equal(take_sized(s, "source", strlen(text), digest), 0);
}

static void assert_content(const struct store *s, const uint8_t *digest, const char *text)
{
	char room[64] = "";
	int fd = store_open(s, digest, strlen(text));

	assert_true(fd >= 0);
	assert_int_equal(read(fd, room, sizeof(room) - 1), strlen(text));
	assert_string_equal(room, text);
	close(fd);
}

static size_t left_in(const char *path)
{
	char command[256];
	FILE *out;
	size_t count = 0;

	snprintf(command, sizeof(command), "find %s/%s -type f | wc -l", dir, path);
	out = popen(command, "r");
	assert_int_equal(fscanf(out, "%zu", &count), 1);
	pclose(out);
	return count;
}

CASE(content_is_found_by_its_digest)
{
	uint8_t digest[KTFTP_DIGEST_BYTES];
	struct store *s = opened();
	struct stat status;

	take(s, "abc", digest);
	assert_int_equal(stat(in_dir(PLACE_OF_ABC), &status), 0);
	assert_int_equal(status.st_mode & 07777, 0400);
	assert_true(store_has(s, digest, 3));
	assert_false(store_has(s, digest, 4));
	assert_content(s, digest, "abc");
	assert_int_equal(store_open(s, digest, 4), -ESTALE);
	assert_int_equal(store_sync(s), 0);
	assert_int_equal(left_in("content/.new"), 0);
	store_free(s);
}

CASE(empty_content_is_one)
{
	uint8_t digest[KTFTP_DIGEST_BYTES];
	struct store *s = opened();

	take(s, "", digest);
	assert_content(s, digest, "");
	store_free(s);
}

CASE(same_content_is_kept_once)
{
	uint8_t first[KTFTP_DIGEST_BYTES], second[KTFTP_DIGEST_BYTES];
	struct stat before, after;
	struct store *s = opened();

	take(s, "abc", first);
	assert_int_equal(store_get(s, first), 0);
	assert_int_equal(stat(in_dir(PLACE_OF_ABC), &before), 0);
	take(s, "abc", second);
	assert_memory_equal(first, second, sizeof(first));
	assert_int_equal(stat(in_dir(PLACE_OF_ABC), &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_equal(left_in("content"), 1);
	store_free(s);
}

/* It may be what a power cut left of it. */
CASE(content_that_nobody_vouches_for_is_replaced)
{
	uint8_t digest[KTFTP_DIGEST_BYTES];
	struct store *s = opened();

	assert_int_equal(mkdir(in_dir("content/ba"), 0700), 0);
	write_file(PLACE_OF_ABC, "\0\0\0", 3);
	take(s, "abc", digest);
	assert_content(s, digest, "abc");
	store_free(s);
}

CASE(content_that_somebody_removed_is_written_again)
{
	uint8_t digest[KTFTP_DIGEST_BYTES];
	struct store *s = opened();

	take(s, "abc", digest);
	assert_int_equal(store_get(s, digest), 0);
	assert_int_equal(unlink(in_dir(PLACE_OF_ABC)), 0);
	assert_int_equal(store_open(s, digest, 3), -ENOENT);
	take(s, "abc", digest);
	assert_content(s, digest, "abc");
	store_free(s);
}

CASE(file_of_another_size_than_expected_is_not_taken)
{
	uint8_t digest[KTFTP_DIGEST_BYTES];
	struct store *s = opened();

	write_file("source", "abc", 3);
	assert_int_equal(take_sized(s, "source", 2, digest), -EAGAIN);
	assert_int_equal(take_sized(s, "source", 4, digest), -EAGAIN);
	assert_int_equal(left_in("content"), 0);
	store_free(s);
}

CASE(who_is_to_stop_copies_nothing)
{
	uint8_t digest[KTFTP_DIGEST_BYTES];
	const atomic_bool stop = true;
	struct store *s = opened();
	int fd;

	write_file("source", "abc", 3);
	fd = open(in_dir("source"), O_RDONLY);
	assert_int_equal(store_take(s, fd, 3, &stop, digest), -ECANCELED);
	close(fd);
	assert_int_equal(left_in("content"), 0);
	store_free(s);
}

CASE(copies_that_were_never_finished_are_swept_at_the_start)
{
	store_free(opened());
	write_file("content/.new/17", "half of it", 10);
	store_free(opened());
	assert_false(exists("content/.new/17"));
}

CASE(content_goes_a_while_after_nobody_needs_it)
{
	uint8_t digest[KTFTP_DIGEST_BYTES];
	struct store *s = opened();

	take(s, "abc", digest);
	assert_int_equal(store_get(s, digest), 0);
	assert_int_equal(store_get(s, digest), 0);
	assert_int_equal(store_count(s), 1);
	store_put(s, digest, 1000);
	assert_int_equal(store_sweep(s, 999999, 500), 0);
	store_put(s, digest, 2000);
	assert_int_equal(store_count(s), 0);
	assert_int_equal(store_sweep(s, 2499, 500), 0);
	assert_content(s, digest, "abc");
	assert_int_equal(store_sweep(s, 2500, 500), 1);
	assert_false(exists(PLACE_OF_ABC));
	store_free(s);
}

CASE(content_that_is_needed_again_stays)
{
	uint8_t digest[KTFTP_DIGEST_BYTES];
	struct store *s = opened();

	take(s, "abc", digest);
	assert_int_equal(store_get(s, digest), 0);
	store_put(s, digest, 1000);
	assert_int_equal(store_get(s, digest), 0);
	assert_int_equal(store_count(s), 1);
	assert_int_equal(store_sweep(s, 999999, 500), 0);
	assert_content(s, digest, "abc");
	store_free(s);
}

CASE(what_earlier_runs_left_is_removed_and_what_is_needed_stays)
{
	uint8_t digest[KTFTP_DIGEST_BYTES], other[KTFTP_DIGEST_BYTES];
	struct store *s = opened();

	take(s, "abc", digest);
	take(s, "other", other);
	write_file("content/ba/what-is-this", "", 0);
	store_free(s);
	s = opened();
	assert_int_equal(store_get(s, digest), 0);
	assert_int_equal(store_sweep_unknown(s), 2);
	assert_int_equal(left_in("content"), 1);
	assert_content(s, digest, "abc");
	store_free(s);
}

CASE(large_content_is_copied_whole)
{
	uint8_t digest[KTFTP_DIGEST_BYTES];
	struct store *s = opened();
	char command[256];

	snprintf(command, sizeof(command), "head -c 5000001 /dev/urandom > %s/source", dir);
	assert_int_equal(system(command), 0);
	assert_int_equal(take_sized(s, "source", 5000001, digest), 0);
	snprintf(command, sizeof(command), "cmp -s %s/source %s/content/[0-9a-f]*/*", dir, dir);
	assert_int_equal(system(command), 0);
	snprintf(command, sizeof(command),
		 "cd %s/content/[0-9a-f]*/ && echo \"$(ls)  $(ls)\" | sha256sum --status -c -", dir);
	assert_int_equal(system(command), 0);
	store_free(s);
}

CASE(where_there_is_no_directory_the_reason_is_told)
{
	struct store *s = NULL;
	char why[256] = "";

	assert_int_equal(store_new("/is/not/there", &s, why, sizeof(why)), -ENOENT);
	assert_non_null(strstr(why, "/is/not/there"));
	assert_non_null(strstr(why, "state_dir"));
}

#define RUN_IN_DIR(sentence) cmocka_unit_test_setup_teardown(sentence, make_dir, remove_dir)

static struct unit_case cases[] = {
	RUN_IN_DIR(content_is_found_by_its_digest),
	RUN_IN_DIR(empty_content_is_one),
	RUN_IN_DIR(same_content_is_kept_once),
	RUN_IN_DIR(content_that_nobody_vouches_for_is_replaced),
	RUN_IN_DIR(content_that_somebody_removed_is_written_again),
	RUN_IN_DIR(file_of_another_size_than_expected_is_not_taken),
	RUN_IN_DIR(who_is_to_stop_copies_nothing),
	RUN_IN_DIR(copies_that_were_never_finished_are_swept_at_the_start),
	RUN_IN_DIR(content_goes_a_while_after_nobody_needs_it),
	RUN_IN_DIR(content_that_is_needed_again_stays),
	RUN_IN_DIR(what_earlier_runs_left_is_removed_and_what_is_needed_stays),
	RUN_IN_DIR(large_content_is_copied_whole),
	RUN(where_there_is_no_directory_the_reason_is_told),
	{},
};

SUITE(folder_store, cases);
