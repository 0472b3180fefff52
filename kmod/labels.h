/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Short names that many entries share: of the view an entry is in, and of its owner. One object a name, so that
 * they are compared by their address.
 *
 * Locking: all under the lock of the store they belong to, but for readers that found an entry under RCU: its labels
 * stay for the grace period after it left the store.
 */
#ifndef KTFTP_LABELS_H
#define KTFTP_LABELS_H

#include <linux/list.h>
#include <linux/rcupdate.h>

#include "uapi/ktftp.h"

struct netlink_ext_ack;

/**
 * struct ktftp_label - one name
 * @list: in its list
 * @users: entries, and stacks of views, that have it
 * @entries: published names of the store among them
 * @absents: absents of the store among them
 * @rcu: for freeing
 * @text: terminated
 */
struct ktftp_label {
	struct list_head list;
	unsigned int users;
	unsigned int entries;
	unsigned int absents;
	struct rcu_head rcu;
	char text[KTFTP_LABEL_MAX + 1];
};

/**
 * struct ktftp_labels - the names of one sort
 * @list: labels, oldest first
 * @count: how many
 */
struct ktftp_labels {
	struct list_head list;
	unsigned int count;
};

void ktftp_labels_init(struct ktftp_labels *labels);
struct ktftp_label *ktftp_label_find(const struct ktftp_labels *labels, const char *text);
struct ktftp_label *ktftp_label_get(struct ktftp_labels *labels, const char *text, unsigned int most,
				    struct netlink_ext_ack *extack);
void ktftp_label_put(struct ktftp_labels *labels, struct ktftp_label *label);

#endif
