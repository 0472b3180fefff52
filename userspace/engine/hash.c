// SPDX-License-Identifier: GPL-2.0
/* SipHash-1-3, after the paper by Aumasson and Bernstein: one round a word, three at the end. */
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "hash.h"

struct state {
	uint64_t v0, v1, v2, v3;
};

static inline uint64_t rotate(uint64_t value, int bits)
{
	return value << bits | value >> (64 - bits);
}

static inline void mix(struct state *s)
{
	s->v0 += s->v1;
	s->v2 += s->v3;
	s->v1 = rotate(s->v1, 13) ^ s->v0;
	s->v3 = rotate(s->v3, 16) ^ s->v2;
	s->v0 = rotate(s->v0, 32) + s->v3;
	s->v2 += s->v1;
	s->v3 = rotate(s->v3, 21) ^ s->v0;
	s->v1 = rotate(s->v1, 17) ^ s->v2;
	s->v2 = rotate(s->v2, 32);
}

static inline void take(struct state *s, uint64_t word)
{
	s->v3 ^= word;
	mix(s);
	s->v0 ^= word;
}

void tftp_hash_key_init(struct tftp_hash_key *key)
{
	/* It fails only where the system has no randomness yet, and then time is what there is. */
	if (getrandom(key, sizeof(*key), 0) == (ssize_t)sizeof(*key))
		return;
	key->k0 = (uint64_t)time(NULL) * 0x9e3779b97f4a7c15ull;
	key->k1 = ~key->k0;
}

/* Words as this machine has them: hashes never leave it. */
uint64_t tftp_hash(const struct tftp_hash_key *key, const void *data, size_t bytes)
{
	struct state s = {
		key->k0 ^ 0x736f6d6570736575ull,
		key->k1 ^ 0x646f72616e646f6dull,
		key->k0 ^ 0x6c7967656e657261ull,
		key->k1 ^ 0x7465646279746573ull,
	};
	const uint8_t *at = data, *end = at + bytes;
	uint64_t word;

	for (; end - at >= (ptrdiff_t)sizeof(word); at += sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		take(&s, word);
	}
	word = (uint64_t)bytes << 56;
	memcpy(&word, at, end - at);
	take(&s, word);
	s.v2 ^= 0xff;
	mix(&s);
	mix(&s);
	mix(&s);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
