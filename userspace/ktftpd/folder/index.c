// SPDX-License-Identifier: GPL-2.0
/* See index.h. */
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "index.h"

#define FILE_NAME      "index.db"

/* "ktft": whose data base it is; and of which form. */
#define APPLICATION_ID 0x6b746674
#define FORMAT         1

#define TEXT_OF_(x)    #x
#define TEXT_OF(x)     TEXT_OF_(x)

/* For how long the last daemon may take to end. */
#define BUSY_MS        5000

enum statement {
	FIND,
	FIND_PATH,
	EACH,
	COUNT,
	BEGIN,
	PUT,
	REMOVE,
	COMMIT,
	ROLLBACK,
	STATEMENTS,
};

/* Paths are bytes, not text in any encoding. */
static const char schema[] =
	"PRAGMA application_id=" TEXT_OF(APPLICATION_ID) ";"
	"PRAGMA user_version=" TEXT_OF(FORMAT) ";"
	"CREATE TABLE file(view TEXT NOT NULL, path BLOB NOT NULL, name BLOB NOT NULL, dev INTEGER NOT NULL,"
	" ino INTEGER NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, ctime_ns INTEGER NOT NULL,"
	" digest BLOB NOT NULL CHECK(length(digest) = 32), PRIMARY KEY(view, path)) WITHOUT ROWID;"
	"CREATE INDEX file_by_inode ON file(ino, dev, size, mtime_ns, ctime_ns, digest);";

static const char *const text[STATEMENTS] = {
	[FIND] = "SELECT digest FROM file WHERE ino=?1 AND dev=?2 AND size=?3 AND mtime_ns=?4 AND ctime_ns=?5",
	[FIND_PATH] = "SELECT dev, ino, size, mtime_ns, ctime_ns, digest FROM file WHERE view=?1 AND path=?2",
	[EACH] = "SELECT dev, ino, size, mtime_ns, ctime_ns, digest, view, path, name FROM file",
	[COUNT] = "SELECT count(*) FROM file",
	[BEGIN] = "BEGIN IMMEDIATE",
	[PUT] = "INSERT OR REPLACE INTO file(view, path, name, dev, ino, size, mtime_ns, ctime_ns, digest)"
		" VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
	[REMOVE] = "DELETE FROM file WHERE view=?1 AND path=?2",
	[COMMIT] = "COMMIT",
	[ROLLBACK] = "ROLLBACK",
};

/**
 * struct index - see index.h
 * @db: the data base
 * @statement: prepared
 */
struct index {
	sqlite3 *db;
	sqlite3_stmt *statement[STATEMENTS];
};

/**
 * index_error() - what went wrong last
 * @index: index
 */
const char *index_error(const struct index *index)
{
	return sqlite3_errmsg(index->db);
}

static int error_of(int result)
{
	switch (result & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return 0;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EUCLEAN;
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_CANTOPEN:
		return -EACCES;
	default:
		return -EIO;
	}
}

static int64_t pragma(sqlite3 *db, const char *what)
{
	sqlite3_stmt *statement = NULL;
	int64_t value = -1;

	if (!sqlite3_prepare_v2(db, what, -1, &statement, NULL) && sqlite3_step(statement) == SQLITE_ROW)
		value = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return value;
}

static bool is_sound(sqlite3 *db)
{
	sqlite3_stmt *statement = NULL;
	bool sound = false;

	if (!sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &statement, NULL) &&
	    sqlite3_step(statement) == SQLITE_ROW)
		sound = !strcmp((const char *)sqlite3_column_text(statement, 0), "ok");
	sqlite3_finalize(statement);
	return sound;
}

/* -EUCLEAN for one that is broken or somebody else's. */
static int make_or_check(sqlite3 *db)
{
	if (!pragma(db, "SELECT count(*) FROM sqlite_master") && !pragma(db, "PRAGMA application_id"))
		return error_of(sqlite3_exec(db, schema, NULL, NULL, NULL));
	if (sqlite3_errcode(db) != SQLITE_OK && sqlite3_errcode(db) != SQLITE_DONE && sqlite3_errcode(db) != SQLITE_ROW)
		return error_of(sqlite3_errcode(db));
	if (pragma(db, "PRAGMA application_id") != APPLICATION_ID || pragma(db, "PRAGMA user_version") != FORMAT ||
	    !is_sound(db))
		return -EUCLEAN;
	return 0;
}

static int prepare(struct index *index)
{
	int i, result;

	for (i = 0; i < STATEMENTS; i++) {
		result = sqlite3_prepare_v3(index->db, text[i], -1, SQLITE_PREPARE_PERSISTENT, &index->statement[i],
					    NULL);
		/* It has our number, but not our tables. */
		if (result)
			return (result & 0xff) == SQLITE_ERROR ? -EUCLEAN : error_of(result);
	}
	return 0;
}

static int open_db(struct index *index, const char *path)
{
	/* Locked while it is open, so that no second daemon works on the same store. */
	static const char ours[] =
		"PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
		"BEGIN IMMEDIATE; COMMIT;";
	int err = error_of(sqlite3_open_v2(path, &index->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL));

	if (err)
		return err;
	sqlite3_extended_result_codes(index->db, 1);
	sqlite3_busy_timeout(index->db, BUSY_MS);
	err = error_of(sqlite3_exec(index->db, ours, NULL, NULL, NULL));
	if (!err)
		err = make_or_check(index->db);
	return err ? err : prepare(index);
}

static void close_db(struct index *index)
{
	int i;

	for (i = 0; i < STATEMENTS; i++) {
		sqlite3_finalize(index->statement[i]);
		index->statement[i] = NULL;
	}
	sqlite3_close(index->db);
	index->db = NULL;
}

/* The log belongs to the data base: with another one it would break that. */
static int put_away(const char *path)
{
	static const char *const parts[] = { "-wal", "-shm" };
	char *from = NULL, *to = NULL;
	int err = 0;
	size_t i;

	if (asprintf(&to, "%s.broken", path) < 0)
		return -ENOMEM;
	if (rename(path, to))
		err = -errno;
	free(to);
	for (i = 0; !err && i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (asprintf(&from, "%s%s", path, parts[i]) < 0)
			return -ENOMEM;
		if (unlink(from) && errno != ENOENT)
			err = -errno;
		free(from);
	}
	return err;
}

static int open_or_replace(struct index *index, const char *path, bool *put_aside)
{
	int err = open_db(index, path);

	if (err != -EUCLEAN)
		return err;
	close_db(index);
	err = put_away(path);
	if (err)
		return err;
	*put_aside = true;
	return open_db(index, path);
}

/**
 * index_open() - open the index, and make it where there is none
 * @state_dir: where
 * @out: the index
 * @put_aside: one was there that is broken or not ours: it is index.db.broken now
 * @why: the reason when it fails
 * @room: for it
 *
 * Return: 0; -EBUSY when another daemon has it; another negative errno.
 */
int index_open(const char *state_dir, struct index **out, bool *put_aside, char *why, size_t room)
{
	struct index *index = calloc(1, sizeof(*index));
	char *path = NULL;
	int err = -ENOMEM;

	*put_aside = false;
	if (index && asprintf(&path, "%s/" FILE_NAME, state_dir) >= 0)
		err = open_or_replace(index, path, put_aside);
	if (!err) {
		*out = index;
	} else if (err == -EBUSY) {
		snprintf(why, room, "%s: another ktftpd uses it: stop that, or set another state_dir", path);
	} else {
		snprintf(why, room, "%s: %s: state_dir has to be a directory that ktftpd may write to, with room",
			 path ? path : state_dir, index && index->db ? sqlite3_errmsg(index->db) : strerror(-err));
	}
	free(path);
	if (err)
		index_close(index);
	return err;
}

/**
 * index_close() - close it
 * @index: index or NULL
 */
void index_close(struct index *index)
{
	if (index)
		close_db(index);
	free(index);
}

static void bind_identity(sqlite3_stmt *statement, int first, const struct identity *id)
{
	sqlite3_bind_int64(statement, first, id->dev);
	sqlite3_bind_int64(statement, first + 1, id->ino);
	sqlite3_bind_int64(statement, first + 2, id->size);
	sqlite3_bind_int64(statement, first + 3, id->mtime_ns);
	sqlite3_bind_int64(statement, first + 4, id->ctime_ns);
}

static void get_identity(sqlite3_stmt *statement, struct identity *id)
{
	*id = (struct identity){
		.dev = sqlite3_column_int64(statement, 0),
		.ino = sqlite3_column_int64(statement, 1),
		.size = sqlite3_column_int64(statement, 2),
		.mtime_ns = sqlite3_column_int64(statement, 3),
		.ctime_ns = sqlite3_column_int64(statement, 4),
	};
}

static bool get_digest(sqlite3_stmt *statement, int column, uint8_t digest[KTFTP_DIGEST_BYTES])
{
	if (sqlite3_column_bytes(statement, column) != KTFTP_DIGEST_BYTES)
		return false;
	memcpy(digest, sqlite3_column_blob(statement, column), KTFTP_DIGEST_BYTES);
	return true;
}

static void bind_key(sqlite3_stmt *statement, const char *view, const char *path)
{
	sqlite3_bind_text(statement, 1, view, -1, SQLITE_STATIC);
	sqlite3_bind_blob(statement, 2, path, strlen(path), SQLITE_STATIC);
}

/* Runs what gives at most one row. Return: 1 for a row, which has to be sqlite3_reset(); 0 for none; an error. */
static int step(sqlite3_stmt *statement)
{
	int result = sqlite3_step(statement);

	if (result == SQLITE_ROW)
		return 1;
	sqlite3_reset(statement);
	return error_of(result);
}

/**
 * index_find() - what a file contains, if it was read in this state, wherever it was then
 * @index: index
 * @identity: its state
 * @digest: where the answer goes
 *
 * Return: 1 when it is known, 0 when not, or a negative errno.
 */
int index_find(struct index *index, const struct identity *identity, uint8_t digest[KTFTP_DIGEST_BYTES])
{
	sqlite3_stmt *statement = index->statement[FIND];
	int found;

	sqlite3_bind_int64(statement, 1, identity->ino);
	sqlite3_bind_int64(statement, 2, identity->dev);
	sqlite3_bind_int64(statement, 3, identity->size);
	sqlite3_bind_int64(statement, 4, identity->mtime_ns);
	sqlite3_bind_int64(statement, 5, identity->ctime_ns);
	found = step(statement);
	if (found > 0 && !get_digest(statement, 0, digest))
		found = 0;
	sqlite3_reset(statement);
	return found;
}

/**
 * index_find_path() - what a path contained when it was read last
 * @index: index
 * @view: of its root
 * @path: absolute
 * @identity: its state then
 * @digest: its content then
 *
 * Return: 1 when it is known, 0 when not, or a negative errno.
 */
int index_find_path(struct index *index, const char *view, const char *path, struct identity *identity,
		    uint8_t digest[KTFTP_DIGEST_BYTES])
{
	sqlite3_stmt *statement = index->statement[FIND_PATH];
	int found;

	bind_key(statement, view, path);
	found = step(statement);
	if (found > 0) {
		get_identity(statement, identity);
		if (!get_digest(statement, 5, digest))
			found = 0;
	}
	sqlite3_reset(statement);
	return found;
}

static char *copy_column(sqlite3_stmt *statement, int column)
{
	const void *bytes = sqlite3_column_blob(statement, column);

	return strndup(bytes ? bytes : "", sqlite3_column_bytes(statement, column));
}

static int call_for_row(sqlite3_stmt *statement, index_fn fn, void *context)
{
	char *view = copy_column(statement, 6), *path = copy_column(statement, 7), *name = copy_column(statement, 8);
	struct index_row row = { .view = view, .path = path, .name = name };
	int err = -ENOMEM;

	get_identity(statement, &row.identity);
	if (view && path && name)
		err = get_digest(statement, 5, row.digest) ? fn(&row, context) : 0;
	free(view);
	free(path);
	free(name);
	return err;
}

/**
 * index_each() - call a function for each row
 * @index: index
 * @fn: it must not change the index
 * @context: for it
 */
int index_each(struct index *index, index_fn fn, void *context)
{
	sqlite3_stmt *statement = index->statement[EACH];
	int result, err = 0;

	while (!err && (result = sqlite3_step(statement)) == SQLITE_ROW)
		err = call_for_row(statement, fn, context);
	if (!err)
		err = error_of(result);
	sqlite3_reset(statement);
	return err;
}

/**
 * index_count() - how many rows there are
 * @index: index
 */
int64_t index_count(struct index *index)
{
	int64_t count = step(index->statement[COUNT]);

	if (count > 0)
		count = sqlite3_column_int64(index->statement[COUNT], 0);
	sqlite3_reset(index->statement[COUNT]);
	return count;
}

static int run(struct index *index, enum statement which)
{
	int result = sqlite3_step(index->statement[which]);

	sqlite3_reset(index->statement[which]);
	return error_of(result);
}

/**
 * index_begin() - changes follow
 * @index: index
 */
int index_begin(struct index *index)
{
	return run(index, BEGIN);
}

/**
 * index_put() - a file has this content from now on
 * @index: index
 * @row: it; what was known of its path before is forgotten
 */
int index_put(struct index *index, const struct index_row *row)
{
	sqlite3_stmt *statement = index->statement[PUT];

	bind_key(statement, row->view, row->path);
	sqlite3_bind_blob(statement, 3, row->name, strlen(row->name), SQLITE_STATIC);
	bind_identity(statement, 4, &row->identity);
	sqlite3_bind_blob(statement, 9, row->digest, KTFTP_DIGEST_BYTES, SQLITE_STATIC);
	return run(index, PUT);
}

/**
 * index_remove() - a file is not served any more
 * @index: index
 * @view: of its root
 * @path: absolute
 */
int index_remove(struct index *index, const char *view, const char *path)
{
	bind_key(index->statement[REMOVE], view, path);
	return run(index, REMOVE);
}

/**
 * index_commit() - these were the changes
 * @index: index
 *
 * Return: 0; a negative errno when none of them was made.
 */
int index_commit(struct index *index)
{
	int err = run(index, COMMIT);

	if (err)
		run(index, ROLLBACK);
	return err;
}
