// SPDX-License-Identifier: GPL-2.0
/* kmod/names.c on any bytes: what it returns is a key as the store wants it, and its own canonical form. */
#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "names.h"

static const struct fuzz_seed seeds[] = {
	{ FUZZ_BYTES("SEP001122334455.cnf.xml") },
	{ FUZZ_BYTES("/dir//sub/./file") },
	{ FUZZ_BYTES("C:\\Images\\boot.wim") },
	{ FUZZ_BYTES("..\\..\\etc\\passwd") },
	{ FUZZ_BYTES("a/../b") },
	{ FUZZ_BYTES("dir/.hidden/..file/...") },
	{ FUZZ_BYTES("/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		     "/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
		     "/ccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc") },
	{ FUZZ_BYTES("") },
};

const struct fuzz_target fuzz_target = {
	"every_name_becomes_its_own_canonical_form_or_none",
	seeds,
	sizeof(seeds) / sizeof(seeds[0]),
};

static void check_segment(const char *segment, size_t bytes)
{
	FUZZ_CHECK(bytes);
	FUZZ_CHECK(!(bytes == 1 && !memcmp(segment, ".", 1)));
	FUZZ_CHECK(!(bytes == 2 && !memcmp(segment, "..", 2)));
}

static void check_sane(const char *name, size_t length)
{
	size_t i, begun = 0;

	FUZZ_CHECK(length >= 1 && length <= KTFTP_NAME_MAX && strlen(name) == length);
	for (i = 0; i <= length; i++) {
		FUZZ_CHECK(i == length || ((uint8_t)name[i] >= 0x20 && name[i] != 0x7f && name[i] != '\\'));
		if (i < length && name[i] != '/')
			continue;
		check_segment(name + begun, i - begun);
		begun = i + 1;
	}
}

static void check_own_canonical_form(const char *name, size_t length)
{
	char *again = fuzz_room(KTFTP_NAME_MAX + 1);

	FUZZ_CHECK(ktftp_name_canonical((const uint8_t *)name, length, again) == (int)length);
	FUZZ_CHECK(!memcmp(again, name, length + 1));
	free(again);
}

static void check_folding(const char *name, size_t length)
{
	char *folded = fuzz_room(length);
	size_t i;

	FUZZ_CHECK(ktftp_name_fold(name, length, folded) == length);
	FUZZ_CHECK(ktftp_name_same_folded(name, folded, length));
	for (i = 0; i < length; i++)
		FUZZ_CHECK(folded[i] < 'A' || folded[i] > 'Z');
	free(folded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *name = fuzz_room(KTFTP_NAME_MAX + 1);
	int length = ktftp_name_canonical(data, size, name);

	if (length < 0) {
		FUZZ_CHECK(length == -EINVAL || length == -ENAMETOOLONG);
	} else {
		check_sane(name, length);
		check_own_canonical_form(name, length);
		check_folding(name, length);
	}
	free(name);
	return 0;
}
