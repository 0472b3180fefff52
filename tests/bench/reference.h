/* SPDX-License-Identifier: GPL-2.0 */
/* Local copies of the files asked for, to compare with what arrives. */
#ifndef BENCH_REFERENCE_H
#define BENCH_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reference {
	const uint8_t *bytes;
	size_t size;
	bool missing;
};

int reference_open(struct reference *reference, const char *path);
void reference_close(struct reference *reference);
/* The copy of @name in @folder. One that is not there matches nothing. */
void reference_open_in(struct reference *reference, const char *folder, const char *name);
bool reference_matches(const struct reference *reference, uint64_t offset, const uint8_t *bytes, size_t count);

#endif
