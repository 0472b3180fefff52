// SPDX-License-Identifier: GPL-2.0
/* What a mistyped name may have meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "random.h"
#include "serve/nearest.h"

static void mistakes_are_counted(void **state)
{
	static const struct {
		const char *a, *b;
		unsigned int mistakes;
	} table[] = {
		{ "", "", 0 },
		{ "", "a", 1 },
		{ "", "ab", 2 },
		{ "", "abc", 3 },
		{ "file", "file", 0 },
		{ "file", "FILE", 0 },
		{ "Z[a", "z[A", 0 },
		{ "[", "{", 1 },
		{ "file", "fiel", 1 },
		{ "file", "filee", 1 },
		{ "file", "fle", 1 },
		{ "file", "bile", 1 },
		{ "file", "ifel", 2 },
		{ "file", "fl", 2 },
		{ "file", "f", 3 },
		{ "abcd", "badc", 2 },
		{ "abcd", "dcba", 3 },
		/* No place is mended twice: swapping and then putting a letter between would be two. */
		{ "ca", "abc", 3 },
		{ "SEP001122334455.cnf.xml", "SEP001122334545.cnf.xml", 1 },
		{ "SEP001122334455.cnf.xml", "SEP00112233445.cnf.xml", 1 },
		{ "jar45sccp.9-4-2.sbn", "jar45sccp.9-4-2SR1.sbn", 3 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(*table); i++) {
		assert_int_equal(nearest_distance(table[i].a, table[i].b, 2), table[i].mistakes);
		assert_int_equal(nearest_distance(table[i].b, table[i].a, 2), table[i].mistakes);
	}
	assert_int_equal(nearest_distance("file", "ifel", 1), 2);
	assert_int_equal(nearest_distance("file", "bile", 0), 1);
	assert_int_equal(nearest_distance("file", "FILE", 0), 0);
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* The whole matrix, as the textbooks have it. */
static size_t by_the_book(const char *a, const char *b)
{
	size_t d[16][16], i, j;

	for (i = 0; i <= strlen(a); i++)
		for (j = 0; j <= strlen(b); j++) {
			if (!i || !j) {
				d[i][j] = i + j;
				continue;
			}
			d[i][j] = least(least(d[i - 1][j], d[i][j - 1]) + 1, d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
		}
	return d[strlen(a)][strlen(b)];
}

static void make_word(struct random *random, char *word)
{
	size_t bytes = random_below(random, 10), i;

	for (i = 0; i < bytes; i++)
		word[i] = "abc"[random_below(random, 3)];
	word[bytes] = 0;
}

static void distances_are_those_of_the_whole_matrix(void **state)
{
	struct random random = random_from(1);
	char a[16], b[16];
	unsigned int most;
	size_t i, is;

	(void)state;
	for (i = 0; i < 300000; i++) {
		make_word(&random, a);
		make_word(&random, b);
		is = by_the_book(a, b);
		for (most = 0; most <= NEAREST_MOST; most++)
			assert_int_equal(nearest_distance(a, b, most), least(is, most + 1));
	}
}

/* The nearest of names that end with NULL. */
static const char *nearest(const char *name, const char *const *names)
{
	struct nearest n;

	nearest_begin(&n, name);
	for (; *names; names++)
		nearest_consider(&n, *names);
	return n.best;
}

#define NAMES(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void the_nearest_name_is_found(void **state)
{
	(void)state;
	assert_string_equal(
		nearest("ringlist.xml", NAMES("Ringlist.dat", "Ringlst.xml", "RingList.xml", "ringlist.xm")),
		"RingList.xml");
	assert_string_equal(nearest("term61.default.loads", NAMES("term61.defautl.laods", "term61.default.load")),
			    "term61.default.load");
	assert_string_equal(nearest("g3-tones.xml", NAMES("g4-tones.xml", "g4-tones.xml ")), "g4-tones.xml");
}

static void what_is_not_near_is_not_found(void **state)
{
	(void)state;
	assert_null(nearest("CTLFile.tlv", NAMES("ITLSEP001122334455.tlv", "CTLSEP001122334455.tlv")));
	assert_null(nearest("dialplan.xml", NAMES("ringlist.xml", "softkeys.xml", "")));
	assert_null(nearest("", NAMES("a", "bb")));
}

static void short_names_must_be_nearly_the_same(void **state)
{
	(void)state;
	assert_null(nearest("abc", NAMES("abd", "ab", "xyz")));
	assert_string_equal(nearest("abc", NAMES("ABC")), "ABC");
	assert_null(nearest("boot", NAMES("bxxt")));
	assert_string_equal(nearest("boot", NAMES("booot")), "booot");
	assert_null(nearest("directory/abc", NAMES("directory/abd")));
}

static void a_name_may_be_in_another_directory(void **state)
{
	(void)state;
	assert_string_equal(nearest("XMLDefault.cnf.xml", NAMES("cisco/xmldefault.cnf.xml")),
			    "cisco/xmldefault.cnf.xml");
	assert_string_equal(nearest("a/b/Ringlist.xml", NAMES("Ringlist.xml")), "Ringlist.xml");
	assert_string_equal(nearest("a/b/Ringlist.xml", NAMES("c/d/e/Ringlist.xml")), "c/d/e/Ringlist.xml");
	assert_null(nearest("list.xml", NAMES("Ringlist.xml")));
	assert_null(nearest("a/list.xml", NAMES("b/Ringlist.xml", "dir/xlist.xml")));
	/* One mistake is nearer than another directory, two are not. */
	assert_string_equal(nearest("Ringlist.xml", NAMES("x/Ringlist.xml", "Ringlst.xml")), "Ringlst.xml");
	assert_string_equal(nearest("Ringlist.xml", NAMES("Rnglst.xml", "dir/Ringlist.xml")), "dir/Ringlist.xml");
	assert_string_equal(nearest("Ringlist.xml", NAMES("dir/Ringlist.xml", "Rnglst.xml")), "dir/Ringlist.xml");
}

static void names_may_be_as_long_as_they_like(void **state)
{
	char longest[KTFTP_NAME_MAX + 1], other[KTFTP_NAME_MAX + 1], longer[3 * KTFTP_NAME_MAX];

	(void)state;
	memset(longest, 'x', sizeof(longest));
	longest[KTFTP_NAME_MAX] = 0;
	memcpy(other, longest, sizeof(longest));
	other[100] = 'y';
	memset(longer, 'x', sizeof(longer));
	longer[sizeof(longer) - 1] = 0;
	assert_ptr_equal(nearest(longest, NAMES(longer, other)), other);
	assert_null(nearest(longer, NAMES(longest, longer)));
}

static void a_look_at_50000_names_of_one_length_finds_the_one(void **state)
{
	static char names[50000][24];
	struct random random = random_from(2);
	struct nearest n;
	size_t i;

	(void)state;
	for (i = 0; i < 50000; i++)
		snprintf(names[i], sizeof(names[i]), "SEP%04x%08x.cnf.xml", 0xffff & (int)random_next(&random),
			 (unsigned int)random_next(&random));
	snprintf(names[31415], sizeof(names[0]), "SEP00112233445F.cnf.xml");
	/* Two swaps; one of them in what names of this kind have in common. */
	nearest_begin(&n, "spe00112234345f.cnf.xml");
	for (i = 0; i < 50000; i++)
		nearest_consider(&n, names[i]);
	assert_ptr_equal(n.best, names[31415]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mistakes_are_counted),
		cmocka_unit_test(distances_are_those_of_the_whole_matrix),
		cmocka_unit_test(the_nearest_name_is_found),
		cmocka_unit_test(what_is_not_near_is_not_found),
		cmocka_unit_test(short_names_must_be_nearly_the_same),
		cmocka_unit_test(a_name_may_be_in_another_directory),
		cmocka_unit_test(names_may_be_as_long_as_they_like),
		cmocka_unit_test(a_look_at_50000_names_of_one_length_finds_the_one),
	};

	return cmocka_run_group_tests_name("nearest", tests, NULL, NULL);
}
