// SPDX-License-Identifier: GPL-2.0
/*
 * Holds the bytes of files so that softirq can send them: takes pages that are in memory and up to date,
 * keeps writers away, gives everything back. Called by the store in process context; never waits for I/O.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <crypto/sha2.h>
#include <linux/capability.h>
#include <linux/dax.h>
#include <linux/hashtable.h>
#include <linux/highmem.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <linux/netlink.h>
#include <linux/pagemap.h>
#include <linux/pagevec.h>
#include <linux/sched/signal.h>
#include <linux/shmem_fs.h>
#include <linux/slab.h>
#include <linux/swap.h>
#include <uapi/linux/fcntl.h>

#include "budget.h"
#include "content.h"

/* A folio of 64 KiB at most: fewer, larger fragments, and still easy to get. */
#define COPY_ORDER	(PAGE_SHIFT < 16 ? 16 - PAGE_SHIFT : 0)

/* Contents by inode, so that one inode has one object; protects the table and every content's node. */
static DEFINE_MUTEX(contents_lock);
static DEFINE_HASHTABLE(contents, 10);

static struct workqueue_struct *release_queue;

/*
 * File systems whose page cache is the file: what is written by anybody goes through i_writecount of this
 * very inode. Network and stacked file systems change behind it, pseudo file systems have no content to keep.
 */
static bool may_pin_on(const struct super_block *sb)
{
	switch (sb->s_magic) {
	case EXT4_SUPER_MAGIC:
	case XFS_SUPER_MAGIC:
	case BTRFS_SUPER_MAGIC:
	case F2FS_SUPER_MAGIC:
	case EROFS_SUPER_MAGIC_V1:
	case SQUASHFS_MAGIC:
	case TMPFS_MAGIC:
		return true;
	default:
		return false;
	}
}

/**
 * ktftp_content_is_memfd() - was this file made by memfd_create(), on the kernel's own shmem mount
 * @file: file
 *
 * A hugetlb memfd is not shmem; a file on a mounted tmpfs is, but its mount can be named.
 */
bool ktftp_content_is_memfd(const struct file *file)
{
	const struct inode *inode = file_inode(file);

	return shmem_mapping(inode->i_mapping) && inode->i_sb->s_flags & SB_KERNMOUNT;
}

static int check_readable(const struct file *file, struct netlink_ext_ack *extack)
{
	if (!S_ISREG(file_inode(file)->i_mode)) {
		NL_SET_ERR_MSG(extack, "not a regular file");
		return -EOPNOTSUPP;
	}
	if (!(file->f_mode & FMODE_READ)) {
		NL_SET_ERR_MSG(extack, "the descriptor is not open for reading");
		return -EBADF;
	}
	return 0;
}

static int check_sealed(const struct file *file, struct netlink_ext_ack *extack)
{
	const unsigned int need = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW;

	if (!ktftp_content_is_memfd(file)) {
		NL_SET_ERR_MSG(extack, "not a memfd on shmem (a hugetlb memfd is not one)");
		return -EOPNOTSUPP;
	}
	if ((READ_ONCE(SHMEM_I(file_inode(file))->seals) & need) != need) {
		NL_SET_ERR_MSG(extack,
			       "the memfd is not sealed: F_SEAL_WRITE, F_SEAL_SHRINK and F_SEAL_GROW are needed");
		return -EPERM;
	}
	return 0;
}

static int check_pinnable(const struct file *file, struct netlink_ext_ack *extack)
{
	const struct inode *inode = file_inode(file);

	if (ktftp_content_is_memfd(file)) {
		NL_SET_ERR_MSG(extack, "a memfd is published sealed, not pinned");
		return -EOPNOTSUPP;
	}
	if (!may_pin_on(inode->i_sb)) {
		NL_SET_ERR_MSG(extack, "files of this file system cannot be held: publish a sealed memfd (--seal)");
		return -EOPNOTSUPP;
	}
	if (!inode->i_mapping->a_ops->read_folio && !shmem_mapping(inode->i_mapping)) {
		NL_SET_ERR_MSG(extack, "this file has no page cache to hold");
		return -EOPNOTSUPP;
	}
	if (IS_DAX(inode) || IS_SWAPFILE(inode)) {
		NL_SET_ERR_MSG(extack, "DAX and swap files cannot be held");
		return -EOPNOTSUPP;
	}
	return 0;
}

/* What a content counts, for the host and for the namespace that captures it. */
static int charge(struct ktftp_budget *budget, unsigned long pages, struct netlink_ext_ack *extack)
{
	int err = ktftp_budget_charge(budget, pages, extack);

	if (err)
		return err;
	err = ktftp_budget_charge_host(pages, extack);
	if (err)
		ktftp_budget_uncharge(budget, pages);
	return err;
}

/* What was charged so far for a content that is being captured, and to whom. */
struct reservation {
	struct ktftp_budget *budget;
	unsigned long pages;
	struct netlink_ext_ack *extack;
};

/* A folio that holds more than its one page here counts whole; @last is the folio charged before. */
static int charge_folio(struct ktftp_content *content, struct folio *folio, struct folio **last,
			struct reservation *reserved)
{
	unsigned long pages = folio_nr_pages(folio);
	unsigned long more;

	if (folio == *last)
		return 0;
	*last = folio;
	content->charged_pages += pages;
	if (content->charged_pages <= reserved->pages)
		return 0;
	more = content->charged_pages - reserved->pages;
	if (charge(reserved->budget, more, reserved->extack)) {
		content->charged_pages = reserved->pages;
		return -ENOSPC;
	}
	reserved->pages += more;
	return 0;
}

static void put_pages(struct ktftp_content *content)
{
	unsigned long i;

	for (i = 0; i < content->page_count; i++) {
		put_page(content->pages[i]);
		if (!(i & 0xfff))
			cond_resched();
	}
	content->page_count = 0;
}

/* Takes references on pages that are in memory and up to date; nothing is read from a device here. */
static int take_resident(struct ktftp_content *content, unsigned long count, struct reservation *reserved)
{
	struct address_space *mapping = content->file->f_mapping;
	struct folio *last = NULL;
	struct page *page;
	int err;

	while (content->page_count < count) {
		page = find_get_page(mapping, content->page_count);
		if (!page || !PageUptodate(page) || PageHWPoison(page)) {
			if (page)
				put_page(page);
			NL_SET_ERR_MSG(reserved->extack, "not all of the file is in memory: read it and try again");
			return -EAGAIN;
		}
		content->pages[content->page_count++] = page;
		err = charge_folio(content, page_folio(page), &last, reserved);
		if (err)
			return err;
		if (!(content->page_count & 0xfff))
			cond_resched();
	}
	return 0;
}

/* Adds up to @count fresh pages, in one piece if that can be had. */
static int add_own_pages(struct ktftp_content *content, unsigned long count)
{
	const gfp_t gfp = GFP_KERNEL_ACCOUNT | __GFP_NOWARN;
	unsigned int order = min_t(unsigned int, ilog2(count), COPY_ORDER), i;
	struct page *page = NULL;

	if (order)
		page = alloc_pages(gfp | __GFP_COMP | __GFP_NORETRY, order);
	if (!page) {
		order = 0;
		page = alloc_page(gfp);
	}
	if (!page)
		return -ENOMEM;
	for (i = 0; i < 1u << order; i++) {
		if (i)
			get_page(page + i);
		content->pages[content->page_count++] = page + i;
	}
	return 0;
}

static int copy_resident(struct ktftp_content *content, struct address_space *mapping, unsigned long count,
			 struct netlink_ext_ack *extack)
{
	unsigned long i;
	struct page *from;

	while (content->page_count < count) {
		if (add_own_pages(content, count - content->page_count)) {
			NL_SET_ERR_MSG(extack, "out of memory for a copy");
			return -ENOMEM;
		}
		cond_resched();
	}
	for (i = 0; i < count; i++) {
		from = find_get_page(mapping, i);
		if (!from || !PageUptodate(from) || PageHWPoison(from)) {
			if (from)
				put_page(from);
			NL_SET_ERR_MSG(extack, "not all of the file is in memory: read it and try again");
			return -EAGAIN;
		}
		copy_highpage(content->pages[i], from);
		put_page(from);
		if (!(i & 0xff))
			cond_resched();
	}
	content->charged_pages = count;
	return 0;
}

/*
 * Fills a content whose @file nobody can write meanwhile. The limit is charged before the first page is
 * taken; what large folios hold beyond the file's own pages is added as they are found.
 */
static int fill(struct ktftp_content *content, struct ktftp_budget *budget, struct netlink_ext_ack *extack)
{
	struct address_space *mapping = content->file->f_mapping;
	struct reservation reserved = { .budget = budget, .extack = extack };
	unsigned long count;
	loff_t size;
	int err;

	size = i_size_read(mapping->host);
	count = DIV_ROUND_UP_ULL(size, PAGE_SIZE);
	reserved.pages = count;
	err = charge(budget, count, extack);
	if (err)
		return err;
	content->bytes = size;
	content->pages = kvmalloc_array(max(count, 1ul), sizeof(*content->pages),
					GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!content->pages) {
		NL_SET_ERR_MSG(extack, "out of memory for a list of pages");
		err = -ENOMEM;
		goto uncharge;
	}
	if (content->kind == KTFTP_KIND_COPIED)
		err = copy_resident(content, mapping, count, extack);
	else
		err = take_resident(content, count, &reserved);
	if (err)
		goto drop_pages;
	/* A folio can be smaller than what was reserved only when there are fewer pages: never. */
	content->charged_pages = reserved.pages;
	return 0;

drop_pages:
	put_pages(content);
	kvfree(content->pages);
	content->pages = NULL;
uncharge:
	ktftp_budget_uncharge_host(reserved.pages);
	ktftp_budget_uncharge(budget, reserved.pages);
	return err;
}

static struct ktftp_content *find(const struct inode *inode)
{
	struct ktftp_content *content;

	lockdep_assert_held(&contents_lock);
	hash_for_each_possible(contents, content, node, (unsigned long)inode)
		if (content->inode == inode)
			return content;
	return NULL;
}

/* The object that already holds this inode, with a reference, or NULL. */
static struct ktftp_content *share(const struct inode *inode)
{
	struct ktftp_content *content;

	lockdep_assert_held(&contents_lock);
	hash_for_each_possible(contents, content, node, (unsigned long)inode)
		if (content->inode == inode && refcount_inc_not_zero(&content->ref))
			return content;
	return NULL;
}

/* Pages that nothing keeps any more go back to the lists that reclaim walks. */
static void make_evictable(struct ktftp_content *content)
{
	struct folio *last = NULL, *folio;
	struct folio_batch batch;
	unsigned long i;

	mapping_clear_unevictable(content->file->f_mapping);
	folio_batch_init(&batch);
	for (i = 0; i < content->page_count; i++) {
		folio = page_folio(content->pages[i]);
		if (folio == last)
			continue;
		last = folio;
		if (!folio_batch_add(&batch, folio)) {
			check_move_unevictable_folios(&batch);
			folio_batch_init(&batch);
			cond_resched();
		}
	}
	if (folio_batch_count(&batch))
		check_move_unevictable_folios(&batch);
}

static void release(struct work_struct *work)
{
	struct ktftp_content *content = container_of(work, struct ktftp_content, release);

	pr_debug("content %p destroyed\n", content);
	if (content->file) {
		mutex_lock(&contents_lock);
		hash_del(&content->node);
		/* A second object for the inode exists when it was published again before we got here. */
		if (!content->was_unevictable && !find(content->inode))
			make_evictable(content);
		mutex_unlock(&contents_lock);
	}
	put_pages(content);
	ktftp_budget_uncharge_host(content->charged_pages);
	if (content->kind == KTFTP_KIND_PINNED)
		allow_write_access(content->file);
	/* The last one may have to wait for a device: not here, where withdraw waits. */
	if (content->file)
		fput(content->file);
	kvfree(content->pages);
	kfree(content);
}

/*
 * Who may keep others from writing a file: the administrator of the host, and who could write it. A network
 * administrator of some user namespace may not, and anybody can be that. Asked of file systems that can be held alone:
 * another one might wait for somebody to answer.
 */
static bool may_pin(struct sk_buff *message, struct file *file)
{
	return netlink_capable(message, CAP_NET_ADMIN) ||
	       (!file_permission(file, MAY_WRITE) && !__mnt_is_readonly(file->f_path.mnt));
}

static int check(struct sk_buff *message, struct file *file, enum ktftp_kind kind, struct netlink_ext_ack *extack)
{
	int err = check_readable(file, extack);

	if (err)
		return err;
	if (ktftp_content_is_memfd(file) || kind == KTFTP_KIND_SEALED)
		return kind == KTFTP_KIND_PINNED ? check_pinnable(file, extack) : check_sealed(file, extack);
	err = check_pinnable(file, extack);
	/* A copy needs it as well, for as long as it is made. */
	if (!err && !may_pin(message, file)) {
		NL_SET_ERR_MSG(extack,
			       "keeping others from writing a file needs CAP_NET_ADMIN in the initial user namespace or write permission on it: publish a sealed memfd");
		return -EPERM;
	}
	return err;
}

/* Reclaim has no business with these pages; a tmpfs may have said so before. */
static void hold_in_memory(struct ktftp_content *content)
{
	const struct ktftp_content *other;

	lockdep_assert_held(&contents_lock);
	other = find(content->inode);
	content->was_unevictable = other ? other->was_unevictable :
				   mapping_unevictable(content->file->f_mapping);
	mapping_set_unevictable(content->file->f_mapping);
}

/* A new object, not yet in the table. @file is the content's when it is held, the caller's otherwise. */
static struct ktftp_content *capture(struct file *file, enum ktftp_kind kind, struct ktftp_budget *budget,
				     struct netlink_ext_ack *extack)
{
	struct ktftp_content *content;
	bool denied = false;
	int err;

	content = kzalloc(sizeof(*content), GFP_KERNEL_ACCOUNT);
	if (!content)
		return ERR_PTR(-ENOMEM);
	refcount_set(&content->ref, 1);
	INIT_WORK(&content->release, release);
	content->kind = kind;
	content->inode = file_inode(file);
	content->file = file;

	if (!ktftp_content_is_memfd(file)) {
		err = deny_write_access(file);
		if (err) {
			NL_SET_ERR_MSG(extack, "somebody has the file open for writing: wait, or publish a copy");
			goto free;
		}
		denied = true;
	}
	err = fill(content, budget, extack);
	if (denied && (err || kind == KTFTP_KIND_COPIED))
		allow_write_access(file);
	if (err)
		goto free;

	if (kind == KTFTP_KIND_COPIED) {
		content->file = NULL;
		content->inode = NULL;
	} else {
		get_file(file);
		hold_in_memory(content);
	}
	pr_debug("content %p created\n", content);
	return content;
free:
	kfree(content);
	return ERR_PTR(err);
}

/**
 * ktftp_content_get() - hold the bytes of a file
 * @message: the request, whose sender has to have the right to it
 * @file: file, open for reading; the content takes a reference of its own when it holds it
 * @kind: how to hold it
 * @budget: what is charged for a content that nobody holds yet
 * @charged: set when @budget was charged
 * @extack: where the reason of a refusal goes
 *
 * Context: process; copies memory, but waits for no device. Return: the content with a reference, or
 * ERR_PTR: -EAGAIN when not all pages are in memory, -ETXTBSY when somebody writes, -ENOSPC beyond a
 * limit, -EPERM, -EOPNOTSUPP, -EBADF, -ENOMEM.
 */
struct ktftp_content *ktftp_content_get(struct sk_buff *message, struct file *file, enum ktftp_kind kind,
					struct ktftp_budget *budget, bool *charged, struct netlink_ext_ack *extack)
{
	struct ktftp_content *content = NULL;
	int err = check(message, file, kind, extack);

	*charged = false;
	if (err)
		return ERR_PTR(err);
	if (kind == KTFTP_KIND_COPIED) {
		content = capture(file, kind, budget, extack);
		*charged = !IS_ERR(content);
		return content;
	}

	mutex_lock(&contents_lock);
	content = share(file_inode(file));
	if (!content) {
		content = capture(file, kind, budget, extack);
		*charged = !IS_ERR(content);
		if (*charged)
			hash_add(contents, &content->node, (unsigned long)content->inode);
	}
	mutex_unlock(&contents_lock);
	return content;
}

/**
 * ktftp_content_digest() - SHA-256 of a part of the pages that are held
 * @content: content
 * @offset: where it begins, in bytes
 * @bytes: how many; the part lies inside the content
 * @digest: where it goes
 *
 * Context: process. Return: 0; -EINTR when the caller is to die.
 */
int ktftp_content_digest(const struct ktftp_content *content, u64 offset, u64 bytes, u8 digest[KTFTP_DIGEST_BYTES])
{
	struct sha256_state state;
	unsigned int piece;
	void *page;

	sha256_init(&state);
	for (; bytes; bytes -= piece, offset += piece) {
		piece = min_t(u64, bytes, PAGE_SIZE - offset_in_page(offset));
		page = kmap_local_page(content->pages[offset >> PAGE_SHIFT]);
		sha256_update(&state, page + offset_in_page(offset), piece);
		kunmap_local(page);
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	sha256_final(&state, digest);
	return 0;
}

/**
 * ktftp_content_put() - give a reference back
 * @content: content
 *
 * Context: any; the release itself runs on the module's workqueue.
 */
void ktftp_content_put(struct ktftp_content *content)
{
	if (refcount_dec_and_test(&content->ref))
		ktftp_content_queue(&content->release);
}

/**
 * ktftp_content_queue() - run what ends an object, in process context
 * @work: work
 *
 * Context: any.
 */
void ktftp_content_queue(struct work_struct *work)
{
	queue_work(release_queue, work);
}

/**
 * ktftp_content_flush() - wait until every content and every holding without references is gone
 *
 * Context: process.
 */
void ktftp_content_flush(void)
{
	/* The end of a holding may be that of its content, whose work is queued only then. */
	flush_workqueue(release_queue);
	flush_workqueue(release_queue);
}

int __init ktftp_content_init(void)
{
	release_queue = alloc_workqueue("ktftp_release", WQ_UNBOUND, 0);
	return release_queue ? 0 : -ENOMEM;
}

void ktftp_content_exit(void)
{
	destroy_workqueue(release_queue);
	WARN_ON(!hash_empty(contents));
}
