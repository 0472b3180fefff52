// SPDX-License-Identifier: GPL-2.0
/* Token buckets, as one number each: when the bucket is empty again. */
#include <string.h>

#include "key.h"
#include "rate.h"

#define IPV4_BYTES (12 + 3)
#define IPV6_BYTES 8

/**
 * tftp_rate_take() - may it be done once more
 * @rate: what it is bounded by
 * @now_us: time
 * @per_s: how often a second, at least 1; so often at once as well
 */
bool tftp_rate_take(struct tftp_rate *rate, uint64_t now_us, uint32_t per_s)
{
	uint64_t from_us = rate->empty_us > now_us ? rate->empty_us : now_us;
	uint64_t empty_us = from_us + 1000000 / per_s;

	if (empty_us - now_us > 1000000)
		return false;
	rate->empty_us = empty_us;
	return true;
}

bool tftp_rates_take(struct tftp_rates *rates, const struct tftp_hash_key *key, const struct in6_addr *peer,
		     uint64_t now_us, uint32_t per_s)
{
	struct in6_addr prefix = {};

	memcpy(&prefix, peer, tftp_is_ipv4(peer) ? IPV4_BYTES : IPV6_BYTES);
	return tftp_rate_take(&rates->rate[tftp_hash(key, &prefix, sizeof(prefix)) & (TFTP_RATES - 1)], now_us, per_s);
}
