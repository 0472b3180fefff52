/* SPDX-License-Identifier: GPL-2.0 */
/* Inside libktftp: sets, which set.c builds and set_commit.c makes happen. */
#ifndef KTFTP_SET_H
#define KTFTP_SET_H

#include <sys/types.h>

#include "connection.h"
#include "vector.h"

enum set_change {
	SET_PUBLISH,
	SET_WITHDRAW,
	SET_ABSENT_ADD,
	SET_ABSENT_DEL,
};

/**
 * struct set_item - one change
 * @change: what it is
 * @name: name, or glob
 * @view: view, or NULL
 * @owner: owner, or NULL
 * @for_s: seconds that an absent lives, or 0
 * @source: where the content was taken from, or NULL
 * @digest: SHA-256 that it must have
 * @has_digest: is there one
 * @while_attached: it goes with the daemon
 * @path: what to call the file, or NULL where a descriptor was given
 * @fd: file, or memfd
 * @owns_fd: it is closed with the set
 * @kind: how it is held
 * @may_copy: another kind will do
 * @offset: where in the file it begins
 * @size: its size
 * @device: of the file
 * @done: it was published
 */
struct set_item {
	enum set_change change;
	char *name;
	char *view;
	char *owner;
	uint32_t for_s;
	char *source;
	uint8_t digest[KTFTP_DIGEST_BYTES];
	bool has_digest;
	bool while_attached;
	char *path;
	int fd;
	bool owns_fd;
	enum ktftp_kind kind;
	bool may_copy;
	uint64_t offset;
	uint64_t size;
	dev_t device;
	bool done;
};

/**
 * struct set_pack - copies of small files in one memfd
 * @fd: the memfd
 * @bytes: how much of it is in use
 * @is_sealed: nothing can be added
 */
struct set_pack {
	int fd;
	uint64_t bytes;
	bool is_sealed;
};

/**
 * struct ktftp_set - changes that are made at one moment
 * @k: connection
 * @items: struct set_item
 * @packs: struct set_pack
 * @pack_bytes: how large one of them may become
 * @stack: views that clients are to see
 * @stack_count: how many, 0 for those they see now
 * @bytes: size of the files to be published
 * @blamed: the item that the last refusal was about, or -1
 */
struct ktftp_set {
	struct ktftp *k;
	struct vector items;
	struct vector packs;
	uint64_t pack_bytes;
	char stack[KTFTP_STACK_MAX][KTFTP_LABEL_MAX + 1];
	size_t stack_count;
	uint64_t bytes;
	long blamed;
};

struct set_item *set_item_at(const struct ktftp_set *set, size_t i);
int set_item_copy(struct ktftp_set *set, struct set_item *item);
int set_seal_packs(struct ktftp_set *set);

#endif
