/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What entries are made of: one object per inode, that owns the pages, the write protection and the
 * unevictable mark. Entries of all namespaces share it.
 *
 * Lifetime: refcounted; entries hold references. The last one may be dropped in softirq, the release itself
 * runs on the module's workqueue: it puts files and may sleep.
 */
#ifndef KTFTP_CONTENT_H
#define KTFTP_CONTENT_H

#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/refcount.h>
#include <linux/workqueue.h>

#include "uapi/ktftp.h"

struct ktftp_budget;
struct netlink_ext_ack;
struct sk_buff;

/**
 * struct ktftp_content - bytes that cannot change, in pages that stay
 * @node: in the table of contents by inode; protected by contents_lock in content.c
 * @ref: references
 * @kind: sealed, pinned or copied
 * @inode: identity in the table; not dereferenced through this pointer
 * @was_unevictable: its pages were not to be evicted before, or the content that held the inode before found
 *	them so: then they stay that way
 * @file: held file of a sealed or pinned content, NULL of a copied one
 * @bytes: size, sampled once, after writing was denied
 * @page_count: pages in @pages
 * @charged_pages: what it counts for the host's limit, whole folios
 * @release: the work that ends it
 * @pages: the pages in order, a reference on each
 *
 * Nothing but @node and @ref changes after construction.
 */
struct ktftp_content {
	struct hlist_node node;
	refcount_t ref;
	enum ktftp_kind kind;
	const struct inode *inode;
	bool was_unevictable;
	struct file *file;
	u64 bytes;
	unsigned long page_count;
	unsigned long charged_pages;
	struct work_struct release;
	struct page **pages;
};

struct ktftp_content *ktftp_content_get(struct sk_buff *message, struct file *file, enum ktftp_kind kind,
					struct ktftp_budget *budget, bool *charged, struct netlink_ext_ack *extack);
int ktftp_content_digest(const struct ktftp_content *content, u64 offset, u64 bytes, u8 digest[KTFTP_DIGEST_BYTES]);
void ktftp_content_put(struct ktftp_content *content);
void ktftp_content_queue(struct work_struct *work);
void ktftp_content_flush(void);
bool ktftp_content_is_memfd(const struct file *file);

int ktftp_content_init(void);
void ktftp_content_exit(void);

#endif
