// SPDX-License-Identifier: GPL-2.0
/* See neighbours.h. */
#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <stdlib.h>
#include <string.h>

#include "neighbours.h"

/* More than a table holds by default many times over. */
#define NEIGHBOURS_MAX 65536

static bool is_of_use(const struct ndmsg *message, struct nlattr *const *a)
{
	/* What needs no neighbour, such as a multicast address, has no MAC of its own. */
	if (message->ndm_state & (NUD_NOARP | NUD_INCOMPLETE | NUD_FAILED))
		return false;
	if (!a[NDA_DST] || !a[NDA_LLADDR] || nla_len(a[NDA_LLADDR]) != MAC_BYTES)
		return false;
	return nla_len(a[NDA_DST]) == 4 || nla_len(a[NDA_DST]) == 16;
}

static struct neighbour *add(struct neighbours *neighbours)
{
	size_t room = neighbours->room ? 2 * neighbours->room : 64;
	struct neighbour *list;

	if (neighbours->count == NEIGHBOURS_MAX)
		return NULL;
	if (neighbours->count == neighbours->room) {
		list = realloc(neighbours->list, room * sizeof(*list));
		if (!list)
			return NULL;
		neighbours->list = list;
		neighbours->room = room;
	}
	return &neighbours->list[neighbours->count++];
}

static int on_message(struct nl_msg *msg, void *context)
{
	struct nlmsghdr *header = nlmsg_hdr(msg);
	struct nlattr *a[NDA_MAX + 1];
	struct neighbour *neighbour;

	if (header->nlmsg_type != RTM_NEWNEIGH || nlmsg_parse(header, sizeof(struct ndmsg), a, NDA_MAX, NULL))
		return NL_OK;
	if (!is_of_use(nlmsg_data(header), a))
		return NL_OK;
	neighbour = add(context);
	if (!neighbour)
		return NL_OK;
	neighbour->address = (struct ktftp_address){ .length = nla_len(a[NDA_DST]) };
	memcpy(neighbour->address.bytes, nla_data(a[NDA_DST]), nla_len(a[NDA_DST]));
	memcpy(neighbour->mac, nla_data(a[NDA_LLADDR]), MAC_BYTES);
	return NL_OK;
}

static int dump(struct nl_sock *socket, struct neighbours *neighbours)
{
	struct ndmsg request = { .ndm_family = AF_UNSPEC };

	nl_socket_modify_cb(socket, NL_CB_VALID, NL_CB_CUSTOM, on_message, neighbours);
	if (nl_send_simple(socket, RTM_GETNEIGH, NLM_F_DUMP, &request, sizeof(request)) < 0)
		return -EIO;
	return nl_recvmsgs_default(socket) < 0 ? -EIO : 0;
}

int neighbours_read(struct neighbours *neighbours)
{
	struct nl_sock *socket = nl_socket_alloc();
	int err;

	*neighbours = (struct neighbours){};
	if (!socket)
		return -ENOMEM;
	err = nl_connect(socket, NETLINK_ROUTE) < 0 ? -EIO : dump(socket, neighbours);
	nl_socket_free(socket);
	neighbours_sort(neighbours);
	return err;
}

void neighbours_fini(struct neighbours *neighbours)
{
	free(neighbours->list);
	*neighbours = (struct neighbours){};
}

static int compare_addresses(const struct ktftp_address *a, const struct ktftp_address *b)
{
	return a->length != b->length ? (a->length < b->length ? -1 : 1) : memcmp(a->bytes, b->bytes, a->length);
}

/* By address, then by MAC address: one address may be there on several links. */
static int compare(const void *left, const void *right)
{
	const struct neighbour *a = left, *b = right;
	int order = compare_addresses(&a->address, &b->address);

	return order ? order : memcmp(a->mac, b->mac, MAC_BYTES);
}

void neighbours_sort(struct neighbours *neighbours)
{
	if (neighbours->count)
		qsort(neighbours->list, neighbours->count, sizeof(*neighbours->list), compare);
}

/* The first that is not before that, or NULL. */
static const struct neighbour *lower_bound(const struct neighbours *neighbours, const struct neighbour *wanted)
{
	size_t from = 0, to = neighbours->count, middle;

	while (from < to) {
		middle = from + (to - from) / 2;
		if (compare(&neighbours->list[middle], wanted) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from < neighbours->count ? &neighbours->list[from] : NULL;
}

const struct neighbour *neighbours_find(const struct neighbours *neighbours, const struct ktftp_address *address)
{
	const struct neighbour wanted = { .address = *address };
	const struct neighbour *found = lower_bound(neighbours, &wanted);

	return found && !compare_addresses(&found->address, address) ? found : NULL;
}

bool neighbours_have(const struct neighbours *neighbours, const struct ktftp_address *address,
		     const uint8_t mac[MAC_BYTES])
{
	struct neighbour wanted = { .address = *address };
	const struct neighbour *found;

	memcpy(wanted.mac, mac, MAC_BYTES);
	found = lower_bound(neighbours, &wanted);
	return found && !compare(found, &wanted);
}
