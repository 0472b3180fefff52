/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What was learned of clients: the floor of their retransmission intervals, kept from one download to the next.
 */
#ifndef KTFTP_FLOORS_H
#define KTFTP_FLOORS_H

#include <linux/types.h>

#define KTFTP_FLOORS	16384	/* a power of two; clients whose hashes collide forget each other */

struct in6_addr;

/**
 * struct ktftp_floors - floors of the clients of one listener
 * @slot: by hash of the address: a tag of it above, the floor in units of KTFTP_FLOOR_UNIT_US below; 0 when free
 *
 * No lock: a slot is read and written whole. A wrong floor costs a little time, never a block.
 */
struct ktftp_floors {
	u32 slot[KTFTP_FLOORS];
};

struct ktftp_floors *ktftp_floors_alloc(void);
u32 ktftp_floors_get(const struct ktftp_floors *floors, const struct in6_addr *peer);
void ktftp_floors_learn(struct ktftp_floors *floors, const struct in6_addr *peer, u32 floor_us);

#endif
