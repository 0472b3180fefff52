// SPDX-License-Identifier: GPL-2.0
/* See floors.h: as the module remembers them. */
#include "floors.h"

#define UNIT_US 64
#define BITS    16
#define MASK    ((1u << BITS) - 1)

/* Which slot is a client's, and the tag that says that it is. */
static unsigned int slot_of(const struct tftp_hash_key *key, const struct in6_addr *peer, uint32_t *tag)
{
	uint64_t hash = tftp_hash(key, peer, sizeof(*peer));

	*tag = (uint32_t)(hash >> 32) & ~MASK;
	return hash & (TFTP_FLOORS - 1);
}

/**
 * tftp_floors_get() - the floor a client had when its last download ended
 * @floors: floors
 * @key: for the hash
 * @peer: client's address
 *
 * Return: microseconds, 0 when nothing is known.
 */
uint32_t tftp_floors_get(const struct tftp_floors *floors, const struct tftp_hash_key *key, const struct in6_addr *peer)
{
	uint32_t tag, value = floors->slot[slot_of(key, peer, &tag)];

	return (value & ~MASK) == tag ? (value & MASK) * UNIT_US : 0;
}

/**
 * tftp_floors_learn() - keep a client's floor
 * @floors: floors
 * @key: for the hash
 * @peer: client's address
 * @floor_us: its floor in microseconds, 0 for none
 */
void tftp_floors_learn(struct tftp_floors *floors, const struct tftp_hash_key *key, const struct in6_addr *peer,
		       uint32_t floor_us)
{
	uint32_t tag, units = floor_us / UNIT_US, *slot = &floors->slot[slot_of(key, peer, &tag)];

	/* To have learned nothing is no reason to forget another client. */
	if (floor_us || (*slot & ~MASK) == tag)
		*slot = tag | (units < MASK ? units : MASK);
}
