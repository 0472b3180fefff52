/* SPDX-License-Identifier: GPL-2.0 */
/* Who has which MAC address, as the kernel's neighbour tables (ARP, NDP) know it at this moment. */
#ifndef KTFTPD_NEIGHBOURS_H
#define KTFTPD_NEIGHBOURS_H

#include "ktftp.h"
#include "mac.h"

struct neighbour {
	struct ktftp_address address;
	uint8_t mac[MAC_BYTES];
};

struct neighbours {
	struct neighbour *list;
	size_t count;
	size_t room;
};

/* What looks for one needs them sorted, as those that were read are. */
void neighbours_sort(struct neighbours *neighbours);

/* Return: 0 or a negative errno; what was found until then is there. */
int neighbours_read(struct neighbours *neighbours);
void neighbours_fini(struct neighbours *neighbours);
/* NULL for an address that is not on a network of this host. */
const struct neighbour *neighbours_find(const struct neighbours *neighbours, const struct ktftp_address *address);
/* Whether that address is there with that MAC address. */
bool neighbours_have(const struct neighbours *neighbours, const struct ktftp_address *address,
		     const uint8_t mac[MAC_BYTES]);

#endif
