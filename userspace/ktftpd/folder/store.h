/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The content-addressed store: STATE_DIR/content/AB/ABCD..., a file for each different content, named by its SHA-256.
 *
 * What is there is whole: a content is written beside and renamed into its place. Whether it is on the disk is
 * another matter: after a power cut a file may be there that is torn. So a content is taken for what its name says
 * only when a row of the index has it, which is written after store_sync(), or when it was written in this run.
 */
#ifndef KTFTPD_STORE_H
#define KTFTPD_STORE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ktftp.h"

struct store;

int store_new(const char *state_dir, struct store **out, char *why, size_t room);
void store_free(struct store *s);
int store_take(struct store *s, int from, uint64_t size, const atomic_bool *stop, uint8_t digest[KTFTP_DIGEST_BYTES]);
int store_sync(struct store *s);
bool store_has(const struct store *s, const uint8_t digest[KTFTP_DIGEST_BYTES], uint64_t size);
int store_open(const struct store *s, const uint8_t digest[KTFTP_DIGEST_BYTES], uint64_t size);

/* Who needs which content: what nobody needs is removed after a while. */
int store_get(struct store *s, const uint8_t digest[KTFTP_DIGEST_BYTES]);
void store_put(struct store *s, const uint8_t digest[KTFTP_DIGEST_BYTES], int64_t now_ms);
size_t store_count(const struct store *s);
size_t store_sweep(struct store *s, int64_t now_ms, int64_t grace_ms);
size_t store_sweep_unknown(struct store *s);

#endif
