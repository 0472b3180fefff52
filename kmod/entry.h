/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Entries of a store, before they are in it and after they left it.
 */
#ifndef KTFTP_ENTRY_H
#define KTFTP_ENTRY_H

#include "store.h"

/**
 * struct ktftp_entry_spec - what an entry is to be
 * @name: canonical name, or pattern
 * @name_bytes: its length
 * @view: name of its view
 * @owner: name of its owner
 * @source: where its content comes from, or NULL
 * @holding: its content, or NULL for an absent; on success the entry takes over the reference
 * @offset: where in the content it begins; the caller has checked that all of it lies inside
 * @bytes: size
 * @lives_s: how long an absent lives, in seconds; 0 for ever
 */
struct ktftp_entry_spec {
	const char *name;
	size_t name_bytes;
	const char *view;
	const char *owner;
	const char *source;
	struct ktftp_holding *holding;
	u64 offset;
	u64 bytes;
	u32 lives_s;
};

struct ktftp_entry *ktftp_entry_new(struct ktftp_store *store, const struct ktftp_entry_spec *spec,
				    struct netlink_ext_ack *extack);
void ktftp_entry_drop(struct ktftp_store *store, struct ktftp_entry *entry);
void ktftp_entry_put(struct ktftp_entry *entry);
bool ktftp_entry_overdue(const struct ktftp_entry *entry);

#endif
