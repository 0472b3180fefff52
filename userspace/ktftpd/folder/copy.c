// SPDX-License-Identifier: GPL-2.0
/*
 * Copying a file and hashing it on the way. Where the file system can share blocks nothing is copied, and the clone
 * is read once, for the hash; elsewhere each byte is read once and written once, so copy_file_range(), after which it
 * would have to be read again, gains nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "copy.h"

#define CHUNK_BYTES (256 << 10)

static int write_all(int to, const char *bytes, size_t count)
{
	ssize_t n;

	for (; count; bytes += n, count -= n) {
		n = write(to, bytes, count);
		if (n < 0 && errno == EINTR)
			n = 0;
		else if (n < 0)
			return -errno;
	}
	return 0;
}

/*
 * Reads a file, hashes it and writes it to @to, unless that is -1. Returns what was read or an error. A file that
 * grows while it is read is left at that: it is not what it was.
 */
static int64_t pass(int from, int to, uint64_t size, EVP_MD_CTX *hash, char *chunk, const atomic_bool *stop)
{
	int64_t at = 0;
	ssize_t n;
	int err;

	for (;; at += n) {
		if (atomic_load(stop))
			return -ECANCELED;
		n = pread(from, chunk, CHUNK_BYTES, at);
		if (n < 0 && errno == EINTR)
			n = 0;
		else if (n < 0)
			return -errno;
		else if (!n || (uint64_t)at > size)
			return at;
		if (!EVP_DigestUpdate(hash, chunk, n))
			return -EIO;
		err = to < 0 ? 0 : write_all(to, chunk, n);
		if (err)
			return err;
	}
}

/* That there is no room for a large file is known before it is copied. */
static int make_room(int to, uint64_t size)
{
	if (size <= CHUNK_BYTES || !fallocate(to, 0, 0, size) || errno == EOPNOTSUPP)
		return 0;
	return -errno;
}

static int64_t copy(int from, int to, uint64_t size, EVP_MD_CTX *hash, char *chunk, const atomic_bool *stop)
{
	int err;

	if (to < 0)
		return pass(from, -1, size, hash, chunk, stop);
	if (!ioctl(to, FICLONE, from))
		return pass(to, -1, size, hash, chunk, stop);
	err = make_room(to, size);
	return err ? err : pass(from, to, size, hash, chunk, stop);
}

/**
 * copy_hashed() - copy a file and hash the copy
 * @from: file
 * @to: an empty file, or -1 to hash @from itself
 * @size: how large @from is
 * @stop: set by whoever does not want to wait
 * @digest: SHA-256 of what is in @to now
 *
 * Return: 0; -EAGAIN when @from has another size by now; -ECANCELED; another negative errno.
 */
int copy_hashed(int from, int to, uint64_t size, const atomic_bool *stop, uint8_t digest[KTFTP_DIGEST_BYTES])
{
	EVP_MD_CTX *hash = EVP_MD_CTX_new();
	char *chunk = malloc(CHUNK_BYTES);
	int64_t copied = -ENOMEM;

	if (hash && chunk && EVP_DigestInit_ex(hash, EVP_sha256(), NULL))
		copied = copy(from, to, size, hash, chunk, stop);
	if (copied >= 0 && !EVP_DigestFinal_ex(hash, digest, NULL))
		copied = -EIO;
	free(chunk);
	EVP_MD_CTX_free(hash);
	if (copied < 0)
		return copied;
	return (uint64_t)copied == size ? 0 : -EAGAIN;
}
