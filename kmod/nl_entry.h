/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What commands that name entries have in common: names, labels, contents out of attributes.
 */
#ifndef KTFTP_NL_ENTRY_H
#define KTFTP_NL_ENTRY_H

#include <net/genetlink.h>

#include "names.h"

struct ktftp_change;
struct ktftp_entry;
struct ktftp_label;
struct ktftp_store;

/* A name as somebody writes it may be longer than its canonical form. */
#define KTFTP_NAME_ATTRIBUTE_MAX	512

int ktftp_nl_get_name(const struct nlattr *attribute, char name[KTFTP_NAME_MAX + 1],
		      struct netlink_ext_ack *extack);
const char *ktftp_nl_get_label(const struct nlattr *attribute, const char *otherwise,
			       struct netlink_ext_ack *extack);
struct ktftp_entry *ktftp_nl_new_entry(struct sk_buff *skb, struct ktftp_store *store, struct nlattr **attributes,
				       struct netlink_ext_ack *extack);
struct ktftp_entry *ktftp_nl_new_absent(struct ktftp_store *store, const struct nlattr *glob,
					struct nlattr **attributes, struct netlink_ext_ack *extack);

int ktftp_nl_not_there(const struct nlattr *attribute, bool absent, struct netlink_ext_ack *extack);

/**
 * struct ktftp_nl_words - the attributes by which a command says which entries of a store go
 * @absents: absents go, not published names
 * @name: names one, any number of times
 * @view: the view they are in
 * @owner: with @all, whose
 * @all: all of them, of that view and that owner if these are given
 */
struct ktftp_nl_words {
	bool absents;
	int name;
	int view;
	int owner;
	int all;
};

int ktftp_nl_take_out(struct ktftp_store *store, struct genl_info *info, const struct ktftp_nl_words *words,
		      unsigned int *count);

#endif
