/* SPDX-License-Identifier: GPL-2.0 */
/* What was learned of clients: the floor of their retransmission intervals, kept from one download to the next. */
#ifndef TFTP_FLOORS_H
#define TFTP_FLOORS_H

#include <netinet/in.h>
#include <stdint.h>

#include "hash.h"

#define TFTP_FLOORS 16384 /* a power of two; clients whose hashes collide forget each other */

/**
 * struct tftp_floors - floors of clients
 * @slot: by hash of the address: a tag of it above, the floor in units of 64 us below; 0 when free
 */
struct tftp_floors {
	uint32_t slot[TFTP_FLOORS];
};

uint32_t tftp_floors_get(const struct tftp_floors *floors, const struct tftp_hash_key *key,
			 const struct in6_addr *peer);
void tftp_floors_learn(struct tftp_floors *floors, const struct tftp_hash_key *key, const struct in6_addr *peer,
		       uint32_t floor_us);

#endif
