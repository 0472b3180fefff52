// SPDX-License-Identifier: GPL-2.0
/* What stores may hold, and what they do. Process context, but for what says otherwise. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/netlink.h>
#include <linux/slab.h>

#include "budget.h"
#include "content.h"
#include "params.h"

static const struct rhashtable_params holding_params = {
	.head_offset = offsetof(struct ktftp_holding, node),
	.key_offset = offsetof(struct ktftp_holding, content),
	.key_len = sizeof_field(struct ktftp_holding, content),
	.automatic_shrinking = true,
};

/* Pages all contents hold, in whole folios. */
static atomic_long_t host_pages = ATOMIC_LONG_INIT(0);

static unsigned long host_limit(void)
{
	return min_t(u64, (u64)ktftp_param(store_limit_mb) << (20 - PAGE_SHIFT), LONG_MAX);
}

/**
 * ktftp_budget_charge_host() - add to what all contents hold, unless that would pass the limit
 * @pages: how many
 * @extack: where the reason of a refusal goes
 *
 * Return: 0 or -ENOSPC.
 */
int ktftp_budget_charge_host(unsigned long pages, struct netlink_ext_ack *extack)
{
	const unsigned long limit = host_limit();

	if (pages <= limit) {
		if (atomic_long_add_return(pages, &host_pages) <= limit)
			return 0;
		atomic_long_sub(pages, &host_pages);
	}
	NL_SET_ERR_MSG(extack, "beyond what all stores may hold: see the module's parameter store_limit_mb");
	return -ENOSPC;
}

void ktftp_budget_uncharge_host(unsigned long pages)
{
	atomic_long_sub(pages, &host_pages);
}

/**
 * ktftp_budget_host_bytes() - memory that all contents of the host hold, in whole folios
 */
u64 ktftp_budget_host_bytes(void)
{
	return (u64)atomic_long_read(&host_pages) << PAGE_SHIFT;
}

/**
 * ktftp_budget_is_tight() - is there so little room left that what is not published any more should go
 *
 * Context: any.
 */
bool ktftp_budget_is_tight(void)
{
	const unsigned long limit = host_limit();

	return atomic_long_read(&host_pages) > limit - limit / 8;
}

static void say_what_may_be_held(const struct ktftp_budget *budget, struct netlink_ext_ack *extack)
{
	if (budget->limit_bytes)
		NL_SET_ERR_MSG(extack, "beyond what the store of this namespace may hold: see ktftpctl budget");
	else
		NL_SET_ERR_MSG(extack,
			       "this namespace belongs to a user namespace, which may publish nothing until root sets a budget");
}

/**
 * ktftp_budget_check() - may the store hold anything at all
 * @budget: budget
 * @extack: where the reason of a refusal goes
 *
 * Return: 0 or -ENOSPC.
 */
int ktftp_budget_check(struct ktftp_budget *budget, struct netlink_ext_ack *extack)
{
	int err = 0;

	mutex_lock(&budget->lock);
	if (!budget->limit_bytes) {
		say_what_may_be_held(budget, extack);
		err = -ENOSPC;
	}
	mutex_unlock(&budget->lock);
	return err;
}

static int charge(struct ktftp_budget *budget, unsigned long pages, struct netlink_ext_ack *extack)
{
	u64 most = budget->limit_bytes >> PAGE_SHIFT;

	lockdep_assert_held(&budget->lock);
	if (budget->limit_bytes && pages <= most && budget->held_pages <= most - pages) {
		budget->held_pages += pages;
		return 0;
	}
	say_what_may_be_held(budget, extack);
	return -ENOSPC;
}

/**
 * ktftp_budget_charge() - add to what the store of a namespace holds
 * @budget: budget
 * @pages: how many
 * @extack: where the reason of a refusal goes
 *
 * Return: 0; -ENOSPC beyond its limit, nothing has changed then.
 */
int ktftp_budget_charge(struct ktftp_budget *budget, unsigned long pages, struct netlink_ext_ack *extack)
{
	int err;

	mutex_lock(&budget->lock);
	err = charge(budget, pages, extack);
	mutex_unlock(&budget->lock);
	return err;
}

void ktftp_budget_uncharge(struct ktftp_budget *budget, unsigned long pages)
{
	mutex_lock(&budget->lock);
	budget->held_pages -= pages;
	mutex_unlock(&budget->lock);
}

/**
 * ktftp_budget_set_limit() - change what the store may hold; what it holds already stays
 * @budget: budget
 * @limit_bytes: limit, U64_MAX for none
 */
void ktftp_budget_set_limit(struct ktftp_budget *budget, u64 limit_bytes)
{
	mutex_lock(&budget->lock);
	budget->limit_bytes = limit_bytes;
	mutex_unlock(&budget->lock);
}

void ktftp_budget_show(struct ktftp_budget *budget, u64 *held_bytes, u64 *limit_bytes)
{
	mutex_lock(&budget->lock);
	*held_bytes = budget->held_pages << PAGE_SHIFT;
	*limit_bytes = budget->limit_bytes;
	mutex_unlock(&budget->lock);
}

/**
 * ktftp_budget_new() - a budget of which nothing is spent
 * @limit_bytes: limit, U64_MAX for none
 *
 * Return: the budget with one reference, or NULL.
 */
struct ktftp_budget *ktftp_budget_new(u64 limit_bytes)
{
	struct ktftp_budget *budget = kzalloc(sizeof(*budget), GFP_KERNEL_ACCOUNT);

	if (!budget)
		return NULL;
	refcount_set(&budget->ref, 1);
	mutex_init(&budget->lock);
	budget->limit_bytes = limit_bytes;
	if (rhashtable_init(&budget->holdings, &holding_params)) {
		kfree(budget);
		return NULL;
	}
	return budget;
}

/**
 * ktftp_budget_put() - give a reference back
 * @budget: budget
 *
 * Context: process; may sleep.
 */
void ktftp_budget_put(struct ktftp_budget *budget)
{
	if (!refcount_dec_and_test(&budget->ref))
		return;
	WARN_ON(budget->held_pages);
	rhashtable_destroy(&budget->holdings);
	mutex_destroy(&budget->lock);
	kfree(budget);
}

static void release(struct work_struct *work)
{
	struct ktftp_holding *holding = container_of(work, struct ktftp_holding, release);
	struct ktftp_budget *budget = holding->budget;

	mutex_lock(&budget->lock);
	rhashtable_remove_fast(&budget->holdings, &holding->node, holding_params);
	budget->held_pages -= holding->content->charged_pages;
	mutex_unlock(&budget->lock);
	ktftp_content_put(holding->content);
	ktftp_budget_put(budget);
	kfree(holding);
}

/* The holding of this content that entries of the namespace have already, with a reference, or NULL. */
static struct ktftp_holding *share(struct ktftp_budget *budget, const struct ktftp_content *content)
{
	struct ktftp_holding *holding;

	lockdep_assert_held(&budget->lock);
	rcu_read_lock();
	/* One that ends just now is in the table until its work has run, unless it is in our way. */
	while ((holding = rhashtable_lookup(&budget->holdings, &content, holding_params)) &&
	       !refcount_inc_not_zero(&holding->ref))
		rhashtable_remove_fast(&budget->holdings, &holding->node, holding_params);
	rcu_read_unlock();
	return holding;
}

/* Takes over the reference on the content, and what was charged for it. */
static struct ktftp_holding *new_holding(struct ktftp_budget *budget, struct ktftp_content *content)
{
	struct ktftp_holding *holding = kzalloc(sizeof(*holding), GFP_KERNEL_ACCOUNT);

	lockdep_assert_held(&budget->lock);
	if (!holding)
		return NULL;
	refcount_set(&holding->ref, 1);
	INIT_WORK(&holding->release, release);
	holding->budget = budget;
	holding->content = content;
	if (rhashtable_insert_fast(&budget->holdings, &holding->node, holding_params)) {
		kfree(holding);
		return NULL;
	}
	refcount_inc(&budget->ref);
	return holding;
}

/**
 * ktftp_holding_get() - hold the bytes of a file for a namespace
 * @budget: budget of the namespace
 * @message: the request, whose sender has to have the right to it
 * @file: file, open for reading
 * @kind: how to hold it
 * @extack: where the reason of a refusal goes
 *
 * Return: the holding with a reference, or ERR_PTR as ktftp_content_get(), -ENOSPC beyond the namespace's limit.
 */
struct ktftp_holding *ktftp_holding_get(struct ktftp_budget *budget, struct sk_buff *message, struct file *file,
					enum ktftp_kind kind, struct netlink_ext_ack *extack)
{
	struct ktftp_content *content;
	struct ktftp_holding *holding;
	bool charged = false;
	int err;

	err = ktftp_budget_check(budget, extack);
	if (err)
		return ERR_PTR(err);
	content = ktftp_content_get(message, file, kind, budget, &charged, extack);
	if (IS_ERR(content))
		return ERR_CAST(content);

	mutex_lock(&budget->lock);
	holding = share(budget, content);
	if (holding) {
		/* Somebody was faster, who was charged as well. */
		if (charged)
			budget->held_pages -= content->charged_pages;
		mutex_unlock(&budget->lock);
		ktftp_content_put(content);
		return holding;
	}
	if (!charged)
		err = charge(budget, content->charged_pages, extack);
	if (!err) {
		holding = new_holding(budget, content);
		if (!holding) {
			budget->held_pages -= content->charged_pages;
			err = -ENOMEM;
		}
	}
	mutex_unlock(&budget->lock);
	if (!err)
		return holding;
	ktftp_content_put(content);
	return ERR_PTR(err);
}

/**
 * ktftp_holding_put() - give a reference back
 * @holding: holding
 *
 * Context: any; it ends on the module's workqueue.
 */
void ktftp_holding_put(struct ktftp_holding *holding)
{
	if (refcount_dec_and_test(&holding->ref))
		ktftp_content_queue(&holding->release);
}

void ktftp_budget_exit(void)
{
	WARN_ON(atomic_long_read(&host_pages));
}
