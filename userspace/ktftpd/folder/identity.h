/* SPDX-License-Identifier: GPL-2.0 */
/* Which state of which file: as long as it is the same, so is the content. */
#ifndef KTFTPD_IDENTITY_H
#define KTFTPD_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

/**
 * struct identity - a file at a moment
 * @dev: file system
 * @ino: inode
 * @size: bytes
 * @mtime_ns: when its content was changed last, which its owner can set at will
 * @ctime_ns: when anything of it was, which nobody can set
 */
struct identity {
	uint64_t dev;
	uint64_t ino;
	uint64_t size;
	int64_t mtime_ns;
	int64_t ctime_ns;
};

static inline int64_t identity_ns(const struct timespec *at)
{
	return at->tv_sec * 1000000000ll + at->tv_nsec;
}

static inline struct identity identity_of(const struct stat *status)
{
	return (struct identity){
		.dev = status->st_dev,
		.ino = status->st_ino,
		.size = status->st_size,
		.mtime_ns = identity_ns(&status->st_mtim),
		.ctime_ns = identity_ns(&status->st_ctim),
	};
}

static inline bool identity_same(const struct identity *a, const struct identity *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size && a->mtime_ns == b->mtime_ns &&
	       a->ctime_ns == b->ctime_ns;
}

/*
 * A file that is written to twice within one tick of its clock looks the same after the second time: what was read
 * so soon after a change proves nothing later. Clocks of file systems tick every 10 ms at the most, those that count
 * whole seconds every 2 s.
 */
static inline bool identity_is_young(const struct identity *id, int64_t now_ns)
{
	int64_t tick_ns = id->ctime_ns % 1000000000 ? 50000000ll : 2100000000ll;

	return now_ns - id->ctime_ns < tick_ns;
}

#endif
