/* SPDX-License-Identifier: GPL-2.0 */
/* How often something may be done: for everybody together, and for each network. */
#ifndef TFTP_RATE_H
#define TFTP_RATE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "hash.h"

#define TFTP_RATES 1024 /* a power of two; networks whose hashes collide share a rate */

/**
 * struct tftp_rate - so much a second, and so much at once after a rest
 * @empty_us: when it is as if nothing had ever been done
 */
struct tftp_rate {
	uint64_t empty_us;
};

/**
 * struct tftp_rates - a rate for each network, a /24 of IPv4 or a /64 of IPv6
 * @rate: by hash of the prefix: memory does not grow with the addresses that somebody makes up
 */
struct tftp_rates {
	struct tftp_rate rate[TFTP_RATES];
};

bool tftp_rate_take(struct tftp_rate *rate, uint64_t now_us, uint32_t per_s);
bool tftp_rates_take(struct tftp_rates *rates, const struct tftp_hash_key *key, const struct in6_addr *peer,
		     uint64_t now_us, uint32_t per_s);

#endif
