/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What stores may hold: a limit for the host, and one for each namespace, both in whole folios and both charged
 * before the first page is taken.
 *
 * The host counts a content once. A namespace counts each content once that its entries have, for as long as an
 * entry has it: also an entry that was withdrawn and that a transfer still sends.
 *
 * Lifetime: a budget is refcounted, for entries outlive their store; a holding is, by its entries. Holdings may
 * be given back in softirq; they end on the module's workqueue.
 */
#ifndef KTFTP_BUDGET_H
#define KTFTP_BUDGET_H

#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/rhashtable.h>
#include <linux/workqueue.h>

#include "uapi/ktftp.h"

struct file;
struct ktftp_content;
struct netlink_ext_ack;
struct sk_buff;

/**
 * struct ktftp_budget - what the store of a namespace holds and may hold
 * @ref: references: the store's, and one of each holding
 * @lock: protects what follows
 * @holdings: by content
 * @held_pages: what they count
 * @limit_bytes: what they may count; U64_MAX without a limit but the host's
 */
struct ktftp_budget {
	refcount_t ref;
	struct mutex lock;
	struct rhashtable holdings;
	u64 held_pages;
	u64 limit_bytes;
};

/**
 * struct ktftp_holding - a content that entries of a namespace have
 * @node: in the budget's table
 * @ref: references, of entries
 * @budget: with a reference
 * @content: with a reference
 * @release: the work that ends it
 */
struct ktftp_holding {
	struct rhash_head node;
	refcount_t ref;
	struct ktftp_budget *budget;
	struct ktftp_content *content;
	struct work_struct release;
};

struct ktftp_budget *ktftp_budget_new(u64 limit_bytes);
void ktftp_budget_put(struct ktftp_budget *budget);
int ktftp_budget_charge(struct ktftp_budget *budget, unsigned long pages, struct netlink_ext_ack *extack);
void ktftp_budget_uncharge(struct ktftp_budget *budget, unsigned long pages);
int ktftp_budget_check(struct ktftp_budget *budget, struct netlink_ext_ack *extack);
void ktftp_budget_set_limit(struct ktftp_budget *budget, u64 limit_bytes);
void ktftp_budget_show(struct ktftp_budget *budget, u64 *held_bytes, u64 *limit_bytes);

int ktftp_budget_charge_host(unsigned long pages, struct netlink_ext_ack *extack);
void ktftp_budget_uncharge_host(unsigned long pages);
u64 ktftp_budget_host_bytes(void);
bool ktftp_budget_is_tight(void);

struct ktftp_holding *ktftp_holding_get(struct ktftp_budget *budget, struct sk_buff *message, struct file *file,
					enum ktftp_kind kind, struct netlink_ext_ack *extack);
void ktftp_holding_put(struct ktftp_holding *holding);

void ktftp_budget_exit(void);

#endif
