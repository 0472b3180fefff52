/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a fuzz target and what drives it share. A target is one file: LLVMFuzzerTestOneInput() and the seeds
 * that driver.c mutates. libFuzzer drives the same file.
 */
#ifndef KTFTP_FUZZ_H
#define KTFTP_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define FUZZ_INPUT_MAX 2048 /* bytes; more than the longest request */

struct fuzz_seed {
	const char *bytes;
	size_t count;
};

/* A literal and its length, the NUL that the compiler adds not counted. */
#define FUZZ_BYTES(literal) (literal), sizeof(literal) - 1

/**
 * struct fuzz_target - one file of this folder
 * @sentence: what holds for every input; the name of its test
 * @seeds: inputs to begin with
 * @seed_count: how many
 */
struct fuzz_target {
	const char *sentence;
	const struct fuzz_seed *seeds;
	size_t seed_count;
};

extern const struct fuzz_target fuzz_target;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_CHECK(condition)                                                               \
	do {                                                                                \
		if (!(condition)) {                                                         \
			fprintf(stderr, "%s:%d: not %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                            \
		}                                                                           \
	} while (0)

/* Room of exactly that many bytes, so that the sanitizer sees an access beyond them. */
static inline void *fuzz_room(size_t bytes)
{
	void *room = malloc(bytes);

	FUZZ_CHECK(room);
	return room;
}

#endif
