// SPDX-License-Identifier: GPL-2.0
/* Short names that many entries share. Process context, under the store's lock. */
#include <linux/netlink.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "labels.h"

void ktftp_labels_init(struct ktftp_labels *labels)
{
	INIT_LIST_HEAD(&labels->list);
	labels->count = 0;
}

/**
 * ktftp_label_find() - the label with this text
 * @labels: labels
 * @text: text
 *
 * Return: the label, without a reference, or NULL.
 */
struct ktftp_label *ktftp_label_find(const struct ktftp_labels *labels, const char *text)
{
	struct ktftp_label *label;

	list_for_each_entry(label, &labels->list, list)
		if (!strcmp(label->text, text))
			return label;
	return NULL;
}

/**
 * ktftp_label_get() - the label with this text, made when there is none
 * @labels: labels
 * @text: at most KTFTP_LABEL_MAX bytes
 * @most: how many labels there may be
 * @extack: where the reason of a refusal goes
 *
 * Return: the label with a reference; ERR_PTR(-ENOSPC) when there are too many, ERR_PTR(-ENOMEM).
 */
struct ktftp_label *ktftp_label_get(struct ktftp_labels *labels, const char *text, unsigned int most,
				    struct netlink_ext_ack *extack)
{
	struct ktftp_label *label = ktftp_label_find(labels, text);

	if (label) {
		label->users++;
		return label;
	}
	if (labels->count >= most) {
		NL_SET_ERR_MSG(extack, "too many different views or owners: see max_views and max_owners");
		return ERR_PTR(-ENOSPC);
	}
	label = kzalloc(sizeof(*label), GFP_KERNEL_ACCOUNT);
	if (!label)
		return ERR_PTR(-ENOMEM);
	label->users = 1;
	strscpy(label->text, text, sizeof(label->text));
	list_add_tail(&label->list, &labels->list);
	labels->count++;
	return label;
}

/**
 * ktftp_label_put() - give a reference back
 * @labels: labels
 * @label: label, or NULL
 */
void ktftp_label_put(struct ktftp_labels *labels, struct ktftp_label *label)
{
	if (!label || --label->users)
		return;
	list_del(&label->list);
	labels->count--;
	kfree_rcu(label, rcu);
}
