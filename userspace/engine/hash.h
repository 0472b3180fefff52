/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A keyed hash, SipHash: clients choose most of what is hashed, and must not be able to choose where in a table it
 * goes.
 */
#ifndef TFTP_HASH_H
#define TFTP_HASH_H

#include <stddef.h>
#include <stdint.h>

struct tftp_hash_key {
	uint64_t k0;
	uint64_t k1;
};

void tftp_hash_key_init(struct tftp_hash_key *key);
uint64_t tftp_hash(const struct tftp_hash_key *key, const void *data, size_t bytes);

#endif
