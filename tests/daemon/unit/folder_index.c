// SPDX-License-Identifier: GPL-2.0
/* What is remembered of files from one run to the next. */
#include "unit.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include "folder/index.h"

static char dir[] = "/tmp/ktftp-index-XXXXXX";
static char file[64], broken[64];

static int make_dir(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/ktftp-index-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(file, sizeof(file), "%s/index.db", dir);
	snprintf(broken, sizeof(broken), "%s/index.db.broken", dir);
	return 0;
}

static int remove_dir(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static struct index *opened(bool put_aside)
{
	struct index *index = NULL;
	char why[256] = "";
	bool was_put_aside;
	int err = index_open(dir, &index, &was_put_aside, why, sizeof(why));

	if (err)
		print_message("%s\n", why);
	assert_int_equal(err, 0);
	assert_int_equal(was_put_aside, put_aside);
	return index;
}

static struct index_row row_of(const char *view, const char *path, uint64_t ino, uint8_t byte)
{
	struct index_row row = {
		.view = view,
		.path = path,
		.name = "name",
		.identity = { .dev = 1, .ino = ino, .size = 5, .mtime_ns = -7, .ctime_ns = INT64_MAX },
	};

	memset(row.digest, byte, sizeof(row.digest));
	return row;
}

static void put(struct index *index, const struct index_row *row)
{
	assert_int_equal(index_begin(index), 0);
	assert_int_equal(index_put(index, row), 0);
	assert_int_equal(index_commit(index), 0);
}

CASE(what_was_put_is_found_in_the_next_run)
{
	struct index_row row = row_of("default", "/srv/a", UINT64_MAX, 0xab);
	struct index *index = opened(false);
	uint8_t digest[KTFTP_DIGEST_BYTES];
	struct identity then;

	put(index, &row);
	index_close(index);
	index = opened(false);
	assert_int_equal(index_find(index, &row.identity, digest), 1);
	assert_memory_equal(digest, row.digest, sizeof(digest));
	memset(digest, 0, sizeof(digest));
	assert_int_equal(index_find_path(index, "default", "/srv/a", &then, digest), 1);
	assert_true(identity_same(&then, &row.identity));
	assert_memory_equal(digest, row.digest, sizeof(digest));
	assert_int_equal(index_count(index), 1);
	index_close(index);
}

CASE(file_in_another_state_is_not_found)
{
	struct index_row row = row_of("default", "/srv/a", 2, 1);
	struct index *index = opened(false);
	uint8_t digest[KTFTP_DIGEST_BYTES];
	struct identity other[5];
	size_t i;

	put(index, &row);
	for (i = 0; i < ARRAY_SIZE(other); i++)
		other[i] = row.identity;
	other[0].dev++;
	other[1].ino++;
	other[2].size++;
	other[3].mtime_ns++;
	other[4].ctime_ns--;
	for (i = 0; i < ARRAY_SIZE(other); i++)
		assert_int_equal(index_find(index, &other[i], digest), 0);
	index_close(index);
}

CASE(path_has_one_row_in_each_view)
{
	struct index_row a = row_of("a", "/srv/x", 1, 1), again = row_of("a", "/srv/x", 2, 2);
	struct index_row b = row_of("b", "/srv/x", 1, 3);
	struct index *index = opened(false);
	uint8_t digest[KTFTP_DIGEST_BYTES];
	struct identity then;

	put(index, &a);
	put(index, &b);
	put(index, &again);
	assert_int_equal(index_count(index), 2);
	assert_int_equal(index_find_path(index, "a", "/srv/x", &then, digest), 1);
	assert_int_equal(digest[0], 2);
	assert_int_equal(index_find_path(index, "b", "/srv/x", &then, digest), 1);
	assert_int_equal(digest[0], 3);
	assert_int_equal(index_find_path(index, "c", "/srv/x", &then, digest), 0);
	index_close(index);
}

CASE(what_is_removed_is_forgotten)
{
	struct index_row row = row_of("default", "/srv/a", 2, 1);
	struct index *index = opened(false);
	uint8_t digest[KTFTP_DIGEST_BYTES];

	put(index, &row);
	assert_int_equal(index_begin(index), 0);
	assert_int_equal(index_remove(index, "default", "/srv/a"), 0);
	assert_int_equal(index_remove(index, "default", "/srv/was-never-there"), 0);
	assert_int_equal(index_commit(index), 0);
	assert_int_equal(index_find(index, &row.identity, digest), 0);
	assert_int_equal(index_count(index), 0);
	index_close(index);
}

CASE(changes_without_a_commit_are_none)
{
	struct index_row row = row_of("default", "/srv/a", 2, 1);
	struct index *index = opened(false);

	assert_int_equal(index_begin(index), 0);
	assert_int_equal(index_put(index, &row), 0);
	index_close(index);
	index = opened(false);
	assert_int_equal(index_count(index), 0);
	index_close(index);
}

static int compare_row(const struct index_row *row, void *context)
{
	const struct index_row *expected = context;

	assert_string_equal(row->view, expected->view);
	assert_string_equal(row->path, expected->path);
	assert_string_equal(row->name, expected->name);
	assert_true(identity_same(&row->identity, &expected->identity));
	assert_memory_equal(row->digest, expected->digest, sizeof(row->digest));
	return 42;
}

CASE(rows_are_told_as_they_were_put_whatever_bytes_a_path_has)
{
	struct index_row row = row_of("default", "/srv/\xff\xfe'; DROP TABLE file; --", 2, 1);
	struct index *index = opened(false);

	put(index, &row);
	assert_int_equal(index_each(index, compare_row, &row), 42);
	index_close(index);
}

static void write_file(const char *text, size_t bytes, off_t at, int flags)
{
	int fd = open(file, O_WRONLY | O_CREAT | flags, 0600);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, text, bytes, at), bytes);
	close(fd);
}

CASE(file_that_is_no_data_base_is_put_aside)
{
	struct index *index;

	write_file(
		"what is this, and whose? It is long enough to be looked at, at least 100 bytes, that is for sure "
		"now, is it not?",
		112, 0, 0);
	index = opened(true);
	assert_int_equal(index_count(index), 0);
	assert_int_equal(access(broken, F_OK), 0);
	index_close(index);
	index_close(opened(false));
}

CASE(data_base_of_somebody_else_is_put_aside_unharmed)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(file, &db), 0);
	assert_int_equal(sqlite3_exec(db, "CREATE TABLE theirs(x); INSERT INTO theirs VALUES(7)", NULL, NULL, NULL), 0);
	sqlite3_close(db);
	index_close(opened(true));
	assert_int_equal(sqlite3_open(broken, &db), 0);
	assert_int_equal(sqlite3_exec(db, "SELECT x FROM theirs", NULL, NULL, NULL), 0);
	sqlite3_close(db);
}

CASE(index_of_another_form_is_put_aside)
{
	sqlite3 *db;

	index_close(opened(false));
	assert_int_equal(sqlite3_open(file, &db), 0);
	assert_int_equal(sqlite3_exec(db, "PRAGMA user_version=77", NULL, NULL, NULL), 0);
	sqlite3_close(db);
	index_close(opened(true));
}

CASE(torn_index_is_put_aside)
{
	char rubbish[4096], path[32];
	struct index *index = opened(false);
	struct index_row row;
	int i;

	for (i = 0; i < 500; i++) {
		snprintf(path, sizeof(path), "/srv/%d", i);
		row = row_of("default", path, i, i);
		put(index, &row);
	}
	index_close(index);
	memset(rubbish, 0x5a, sizeof(rubbish));
	for (i = 1; i < 8; i++)
		write_file(rubbish, sizeof(rubbish), i * 4096, 0);
	index = opened(true);
	assert_int_equal(index_count(index), 0);
	index_close(index);
}

CASE(empty_file_becomes_an_index)
{
	write_file("", 0, 0, O_TRUNC);
	index_close(opened(false));
}

CASE(where_nothing_can_be_written_the_reason_is_told)
{
	struct index *index = NULL;
	char why[256] = "";
	bool put_aside;

	assert_true(index_open("/is/not/there", &index, &put_aside, why, sizeof(why)) < 0);
	assert_non_null(strstr(why, "/is/not/there/index.db"));
	assert_non_null(strstr(why, "state_dir"));
}

#define RUN_IN_DIR(sentence) cmocka_unit_test_setup_teardown(sentence, make_dir, remove_dir)

static struct unit_case cases[] = {
	RUN_IN_DIR(what_was_put_is_found_in_the_next_run),
	RUN_IN_DIR(file_in_another_state_is_not_found),
	RUN_IN_DIR(path_has_one_row_in_each_view),
	RUN_IN_DIR(what_is_removed_is_forgotten),
	RUN_IN_DIR(changes_without_a_commit_are_none),
	RUN_IN_DIR(rows_are_told_as_they_were_put_whatever_bytes_a_path_has),
	RUN_IN_DIR(file_that_is_no_data_base_is_put_aside),
	RUN_IN_DIR(data_base_of_somebody_else_is_put_aside_unharmed),
	RUN_IN_DIR(index_of_another_form_is_put_aside),
	RUN_IN_DIR(torn_index_is_put_aside),
	RUN_IN_DIR(empty_file_becomes_an_index),
	RUN_IN_DIR(where_nothing_can_be_written_the_reason_is_told),
	{},
};

SUITE(folder_index, cases);
