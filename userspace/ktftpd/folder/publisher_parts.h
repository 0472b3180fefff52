/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Inside the publisher:
 *
 *   publisher.c       what the folder's thread asks for; who is told
 *   publisher_plan.c  what the module is to have, of what there is
 *   publisher_swap.c  sets that make it so
 *   publisher_look.c  what the module has, and what it has room for
 *   publisher_pins.c  the names
 */
#ifndef KTFTPD_PUBLISHER_PARTS_H
#define KTFTPD_PUBLISHER_PARTS_H

#include "publisher.h"
#include "publisher_pins.h"
#include "vector.h"

/* Copies of files up to this size share memory, as libktftp has it. */
#define PUBLISHER_SMALL_BYTES (64 << 10)

#define PUBLISHER_PAGE_BYTES  4096

/**
 * struct publisher - the folder's names in the module
 * @k: connection, NULL while the module is gone
 * @hooks: of who uses this
 * @limit: bytes to hold at most
 * @pins: the names
 * @packs: pieces of shared memory, as of the last look: where the last content in each ends, uint64_t
 * @held_bytes: memory that ours take in the module, as far as it is known
 * @look: number of the last look
 * @looked_ms: when that was
 * @aged_min: up to which minute scores have aged
 * @notes: how many of a kind may still be made
 * @notes_kept: how many were not
 * @failure: the error that was noted last, or 0
 * @is_reconciled: what exists is known
 * @is_short: that not everything fits was said
 * @is_gone: that the module is gone was said
 * @why_short: what the module said when it had no room
 */
struct publisher {
	struct ktftp *k;
	struct publisher_hooks hooks;
	uint64_t limit;
	struct pins pins;
	struct vector packs;
	uint64_t held_bytes;
	uint32_t look;
	int64_t looked_ms;
	int64_t aged_min;
	unsigned int notes;
	unsigned int notes_kept;
	int failure;
	bool is_reconciled;
	bool is_short;
	bool is_gone;
	char why_short[160];
};

/* publisher.c */
void publisher_note(struct publisher *p, int level, const char *format, ...) __attribute__((format(printf, 3, 4)));
void publisher_note_one(struct publisher *p, int level, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* publisher_look.c */
int publisher_look(struct publisher *p);
bool publisher_is_there(struct publisher *p);
int publisher_room(struct publisher *p, uint64_t *bytes);
uint64_t publisher_pages(uint64_t bytes);
uint64_t publisher_cost(const struct folder_file *file);
int64_t publisher_now_ms(void);

/* publisher_plan.c */
int publisher_plan(struct publisher *p);

/* publisher_swap.c */
int publisher_swap(struct publisher *p, struct pin_list *list, uint64_t most_bytes);

#endif
