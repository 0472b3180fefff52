// SPDX-License-Identifier: GPL-2.0
/* kmod/names.c: one form for every way to write a name, and what is no name. */
#include "unit.h"

#include "names.h"
#include "random.h"

#define RANDOM_NAMES 200000

/* Both buffers end where the contract says, so that the sanitizer sees what goes beyond. */
static int canonical(const void *in, size_t bytes, char out[KTFTP_NAME_MAX + 1])
{
	u8 *sent = exact_copy(in, bytes);
	char *room = exact_room(KTFTP_NAME_MAX + 1);
	int length = ktftp_name_canonical(sent, bytes, room);

	if (length >= 0)
		memcpy(out, room, length + 1);
	free(room);
	free(sent);
	return length;
}

static int status_of(const char *in)
{
	char out[KTFTP_NAME_MAX + 1];

	return canonical(in, strlen(in), out);
}

static void assert_canonical(const char *in, const char *expected)
{
	char out[KTFTP_NAME_MAX + 1];

	assert_int_equal(canonical(in, strlen(in), out), strlen(expected));
	assert_string_equal(out, expected);
}

CASE(names_have_one_form)
{
	static const struct {
		const char *in, *out;
	} table[] = {
		{ "file", "file" },
		{ "a", "a" },
		{ "SEP001122334455.cnf.xml", "SEP001122334455.cnf.xml" },
		{ "dir/sub/file", "dir/sub/file" },
		{ "/file", "file" },
		{ "///file", "file" },
		{ "dir//file", "dir/file" },
		{ "dir/file/", "dir/file" },
		{ "dir/file//", "dir/file" },
		{ "./file", "file" },
		{ "././/file", "file" },
		{ "dir/./file", "dir/file" },
		{ "dir/.", "dir" },
		{ "/./dir/././file/.", "dir/file" },
		{ "with space", "with space" },
		{ " ", " " },
		{ "~root", "~root" },
		{ "\xc3\xa9t\xc3\xa9/\xff\x80", "\xc3\xa9t\xc3\xa9/\xff\x80" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(table); i++)
		assert_canonical(table[i].in, table[i].out);
}

CASE(backslashes_are_slashes)
{
	assert_canonical("dir\\file", "dir/file");
	assert_canonical("\\dir\\sub/file", "dir/sub/file");
	assert_canonical("\\\\server\\share\\file", "server/share/file");
	assert_canonical("/\\/\\file\\/", "file");
	assert_canonical(".\\file", "file");
	assert_int_equal(status_of("..\\file"), -EINVAL);
	assert_int_equal(status_of("dir\\..\\file"), -EINVAL);
}

CASE(drive_letter_is_dropped)
{
	assert_canonical("C:\\dir\\file", "dir/file");
	assert_canonical("c:/file", "file");
	assert_canonical("z:file", "file");
	assert_canonical("A:\\\\file", "file");
	assert_canonical("Z:./file", "file");
	assert_int_equal(status_of("C:"), -EINVAL);
	assert_int_equal(status_of("C:\\"), -EINVAL);
	assert_int_equal(status_of("C:..\\file"), -EINVAL);
}

CASE(what_only_looks_like_a_drive_letter_stays)
{
	assert_canonical("C", "C");
	assert_canonical(":", ":");
	assert_canonical(":file", ":file");
	assert_canonical("1:file", "1:file");
	assert_canonical("@:file", "@:file");
	assert_canonical("[:file", "[:file");
	assert_canonical("`:file", "`:file");
	assert_canonical("{:file", "{:file");
	assert_canonical("\xc0:file", "\xc0:file");
	assert_canonical("CD:file", "CD:file");
	assert_canonical("dir/C:/file", "dir/C:/file");
}

CASE(dots_that_are_not_alone_stay)
{
	static const char *const names[] = {
		"...",     "....",       ".hidden",    "..hidden", "file.", "file..", "a..b",
		"dir/...", "dir/..file", "dir../file", ". .",      ".. ",   " ..",    "dir/.file/x",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		assert_canonical(names[i], names[i]);
}

CASE(two_dots_are_refused_anywhere)
{
	static const char *const names[] = {
		"..",        "/..",    "../",     "../file",     "/../file",   "//../file",
		"./../file", "dir/..", "dir/../", "dir/../file", "a/b/c/../d", "dir/./../file",
		"file/..\\", "\\..",   "c:..",    "c:/..",       "../..",      "../../../../etc/passwd",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		assert_int_equal(status_of(names[i]), -EINVAL);
}

CASE(nothing_is_no_name)
{
	static const char *const names[] = { "", "/", "\\", "//\\/", ".", "./", "/.", "./././", "D:", "d:/", "d:.\\." };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		assert_int_equal(status_of(names[i]), -EINVAL);
}

/* @c at every place of a name. */
static void assert_byte_in_name(u8 c, bool refused)
{
	char out[KTFTP_NAME_MAX + 1];
	size_t at;

	for (at = 0; at < 6; at++) {
		u8 in[] = { 'a', 'b', '/', 'c', 'd', 'e' };

		if (at == 2)
			continue;
		in[at] = c;
		assert_int_equal(canonical(in, sizeof(in), out), refused ? -EINVAL : (int)sizeof(in));
		if (!refused)
			assert_memory_equal(out, in, sizeof(in));
	}
}

CASE(control_characters_are_refused_anywhere)
{
	int c;

	for (c = 0; c < 0x20; c++)
		assert_byte_in_name(c, true);
	assert_byte_in_name(0x7f, true);
}

CASE(every_other_byte_stays)
{
	int c;

	for (c = 0x20; c < 256; c++)
		if (c != 0x7f && c != '/' && c != '\\' && c != ':')
			assert_byte_in_name(c, false);
}

/* @bytes of 'n', behind @prefix and before @suffix. */
static int status_of_long(const char *prefix, size_t bytes, const char *suffix, char out[KTFTP_NAME_MAX + 1])
{
	char in[1024];
	size_t used = strlen(prefix);

	assert_true(used + bytes + strlen(suffix) < sizeof(in));
	memcpy(in, prefix, used);
	memset(in + used, 'n', bytes);
	strcpy(in + used + bytes, suffix);
	return canonical(in, strlen(in), out);
}

CASE(name_of_255_bytes_is_the_longest)
{
	char out[KTFTP_NAME_MAX + 1], longest[KTFTP_NAME_MAX + 1];

	memset(longest, 'n', KTFTP_NAME_MAX);
	longest[KTFTP_NAME_MAX] = 0;
	assert_int_equal(KTFTP_NAME_MAX, 255);
	assert_int_equal(status_of_long("", 254, "", out), 254);
	assert_int_equal(status_of_long("", 255, "", out), 255);
	assert_string_equal(out, longest);
	assert_int_equal(status_of_long("", 256, "", out), -ENAMETOOLONG);
	assert_int_equal(status_of_long("", 900, "", out), -ENAMETOOLONG);
}

CASE(slashes_between_segments_count)
{
	char out[KTFTP_NAME_MAX + 1];

	assert_int_equal(status_of_long("dir/", 251, "", out), 255);
	assert_int_equal(status_of_long("dir/", 252, "", out), -ENAMETOOLONG);
	assert_int_equal(status_of_long("", 253, "/x", out), 255);
	assert_int_equal(status_of_long("", 254, "/x", out), -ENAMETOOLONG);
	assert_int_equal(status_of_long("", 255, "/x", out), -ENAMETOOLONG);
}

CASE(what_is_dropped_does_not_count)
{
	char out[KTFTP_NAME_MAX + 1];

	assert_int_equal(status_of_long("C:\\////././", 255, "//./", out), 255);
	assert_int_equal(status_of_long("C:\\////././", 256, "", out), -ENAMETOOLONG);
	assert_int_equal(status_of_long("", 255, "////////./.\\.", out), 255);
}

static void assert_sane_segment(const char *segment, size_t bytes)
{
	assert_true(bytes);
	assert_false(bytes == 1 && segment[0] == '.');
	assert_false(bytes == 2 && segment[0] == '.' && segment[1] == '.');
}

/* What the store relies on, of any canonical name. */
static void assert_sane(const char *name, size_t length)
{
	const char *segment = name, *slash;
	size_t i;

	assert_in_range(length, 1, KTFTP_NAME_MAX);
	assert_int_equal(strlen(name), length);
	for (i = 0; i < length; i++)
		assert_true((u8)name[i] >= 0x20 && name[i] != 0x7f && name[i] != '\\');
	while ((slash = strchr(segment, '/'))) {
		assert_sane_segment(segment, slash - segment);
		segment = slash + 1;
	}
	assert_sane_segment(segment, strlen(segment));
}

static void assert_own_canonical_form(const void *in, size_t bytes)
{
	char once[KTFTP_NAME_MAX + 1], twice[KTFTP_NAME_MAX + 1];
	int length = canonical(in, bytes, once);

	if (length < 0) {
		assert_true(length == -EINVAL || length == -ENAMETOOLONG);
		return;
	}
	assert_sane(once, length);
	assert_int_equal(canonical(once, length, twice), length);
	assert_string_equal(twice, once);
}

/* Made of the bytes that mean something, so that every rule meets every other. */
static size_t random_name(struct random *random, u8 *name, size_t most)
{
	static const u8 alphabet[] = { '/', '\\', '.', '.', ':', 'C', 'z', 'f', '1', ' ', 0xe9 };
	size_t bytes = random_below(random, random_one_in(random, 16) ? most : 12), i;

	for (i = 0; i < bytes; i++)
		name[i] = alphabet[random_below(random, sizeof(alphabet))];
	if (bytes && random_one_in(random, 8))
		name[random_below(random, bytes)] = random_next(random) & 0xff;
	return bytes;
}

CASE(canonical_form_of_random_names_is_its_own)
{
	struct random random = random_from(1);
	u8 name[400];
	int i;

	for (i = 0; i < TIMES(RANDOM_NAMES); i++)
		assert_own_canonical_form(name, random_name(&random, name, sizeof(name)));
}

/* Found by the test above: a drive letter that is first only when something before it was dropped. */
CASE(canonical_form_begins_with_no_drive_letter)
{
	static const char *const names[] = {
		"/C:/file", "\\c:file", "./C:/file", "C:/D:/file", "C:D:file", "C:D:E:file", "//./z:x", "C:/./D:\\E:x",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		assert_own_canonical_form(names[i], strlen(names[i]));
}

CASE(folding_lowers_ascii_letters_only)
{
	u8 all[256], folded[256];
	int c;

	for (c = 0; c < 256; c++)
		all[c] = c;
	assert_int_equal(ktftp_name_fold((char *)all, 256, (char *)folded), 256);
	for (c = 0; c < 256; c++)
		assert_int_equal(folded[c], c >= 'A' && c <= 'Z' ? c + 32 : c);
}

CASE(folding_needs_no_nul_and_works_in_place)
{
	char *name = (char *)exact_copy("SEPab/X.Cnf", 11), *out = exact_room(11);

	assert_int_equal(ktftp_name_fold(name, 11, out), 11);
	assert_memory_equal(out, "sepab/x.cnf", 11);
	assert_memory_equal(name, "SEPab/X.Cnf", 11);
	assert_int_equal(ktftp_name_fold(name, 11, name), 11);
	assert_memory_equal(name, "sepab/x.cnf", 11);
	assert_int_equal(ktftp_name_fold(name, 0, out), 0);
	free(out);
	free(name);
}

CASE(names_that_differ_in_case_only_are_the_same)
{
	assert_true(ktftp_name_same_folded("File", "fILE", 4));
	assert_true(ktftp_name_same_folded("file", "file", 4));
	assert_true(ktftp_name_same_folded("a", "b", 0));
	assert_false(ktftp_name_same_folded("file", "filf", 4));
	assert_false(ktftp_name_same_folded("xile", "file", 4));
	assert_true(ktftp_name_same_folded("fileX", "FILEy", 4));
	/* These pairs differ by the bit that makes a letter small, but are no letters. */
	assert_false(ktftp_name_same_folded("[", "{", 1));
	assert_false(ktftp_name_same_folded("@", "`", 1));
	assert_false(ktftp_name_same_folded("\xc9", "\xe9", 1));
}

CASE(same_folded_agrees_with_folding)
{
	int a, b;

	for (a = 0; a < 256; a++) {
		for (b = 0; b < 256; b++) {
			char one = a, other = b, one_folded, other_folded;

			ktftp_name_fold(&one, 1, &one_folded);
			ktftp_name_fold(&other, 1, &other_folded);
			assert_int_equal(ktftp_name_same_folded(&one, &other, 1), one_folded == other_folded);
		}
	}
}

static enum ktftp_name_kind kind_of(const char *text)
{
	size_t bytes = strlen(text);
	char *name = (char *)exact_copy(text, bytes);
	enum ktftp_name_kind kind = ktftp_name_kind(name, bytes);

	free(name);
	return kind;
}

CASE(last_part_of_a_name_tells_its_kind)
{
	assert_int_equal(kind_of("SEP001122334455.cnf.xml"), KTFTP_NAME_SEP);
	assert_int_equal(kind_of("a/b/sep001122334455.cnf.xml"), KTFTP_NAME_SEP);
	assert_int_equal(kind_of("SIPDefault.cnf"), KTFTP_NAME_SIP);
	assert_int_equal(kind_of("gk.cfg"), KTFTP_NAME_GK);
	assert_int_equal(kind_of("LD"), KTFTP_NAME_LD);
	assert_int_equal(kind_of("SE"), KTFTP_NAME_OTHER);
	assert_int_equal(kind_of("L"), KTFTP_NAME_OTHER);
	assert_int_equal(kind_of("SEP/file"), KTFTP_NAME_OTHER);
	assert_int_equal(kind_of("CTLSEP001122334455.tlv"), KTFTP_NAME_OTHER);
	assert_int_equal(kind_of("XMLDefault.cnf.xml"), KTFTP_NAME_OTHER);
}

static bool matches(const char *pattern, const char *name)
{
	char *p = (char *)exact_copy(pattern, strlen(pattern) + 1), *n = (char *)exact_copy(name, strlen(name) + 1);
	bool does = ktftp_name_matches(p, n);

	free(n);
	free(p);
	return does;
}

CASE(pattern_without_signs_is_a_name)
{
	assert_true(matches("file", "file"));
	assert_true(matches("", ""));
	assert_false(matches("file", "fil"));
	assert_false(matches("file", "files"));
	assert_false(matches("file", "File"));
	assert_false(matches("", "f"));
}

CASE(star_is_anything)
{
	assert_true(matches("*", ""));
	assert_true(matches("*", "a/b"));
	assert_true(matches("ctlsep*.tlv", "ctlsep001122334455.tlv"));
	assert_true(matches("ctlsep*.tlv", "ctlsep.tlv.tlv"));
	assert_false(matches("ctlsep*.tlv", "ctlsep001122334455.tlv.sgn"));
	assert_true(matches("*a*b*", "xxaxxbxx"));
	assert_false(matches("*a*b*", "xxbxxaxx"));
	assert_true(matches("**", "x"));
	assert_false(matches("a*", ""));
}

CASE(question_mark_is_one_character)
{
	assert_true(matches("?", "x"));
	assert_false(matches("?", ""));
	assert_false(matches("?", "xy"));
	assert_true(matches("*?", "xy"));
	assert_false(matches("a?", "a"));
}

CASE(class_is_one_of_its_characters)
{
	assert_true(matches("[a-c]x", "bx"));
	assert_false(matches("[a-c]x", "dx"));
	assert_true(matches("[!a-c]x", "dx"));
	assert_true(matches("[^a-c]x", "dx"));
	assert_false(matches("[!a-c]x", "ax"));
	assert_true(matches("[]]", "]"));
	assert_true(matches("[!]]", "x"));
	assert_true(matches("[a-]", "-"));
	assert_true(matches("*[0-9]", "ring9"));
	/* Nothing is none of the characters. */
	assert_false(matches("[!x]", ""));
	assert_false(matches("fox[!x]", "fox"));
	assert_false(matches("*[!x]", "x"));
	assert_true(matches("sep[!0]*", "sep1"));
	assert_false(matches("sep[!0]*", "sep"));
}

CASE(class_without_an_end_is_a_bracket)
{
	assert_true(matches("[", "["));
	assert_true(matches("[a", "[a"));
	assert_true(matches("[!", "[!"));
	assert_true(matches("[a-", "[a-"));
	assert_true(matches("[]", "[]"));
	assert_false(matches("[a", "a"));
	assert_false(matches("[", ""));
}

CASE(bytes_above_ascii_match_themselves)
{
	assert_true(matches("\xc3\xa4*", "\xc3\xa4x"));
	assert_true(matches("[\x80-\xff]*", "\xc3\xa4"));
	assert_false(matches("[a-z]", "\xe4"));
}

static struct unit_case cases[] = {
	RUN(names_have_one_form),
	RUN(backslashes_are_slashes),
	RUN(drive_letter_is_dropped),
	RUN(what_only_looks_like_a_drive_letter_stays),
	RUN(dots_that_are_not_alone_stay),
	RUN(two_dots_are_refused_anywhere),
	RUN(nothing_is_no_name),
	RUN(control_characters_are_refused_anywhere),
	RUN(every_other_byte_stays),
	RUN(name_of_255_bytes_is_the_longest),
	RUN(slashes_between_segments_count),
	RUN(what_is_dropped_does_not_count),
	RUN(canonical_form_of_random_names_is_its_own),
	RUN(canonical_form_begins_with_no_drive_letter),
	RUN(folding_lowers_ascii_letters_only),
	RUN(folding_needs_no_nul_and_works_in_place),
	RUN(names_that_differ_in_case_only_are_the_same),
	RUN(same_folded_agrees_with_folding),
	RUN(last_part_of_a_name_tells_its_kind),
	RUN(pattern_without_signs_is_a_name),
	RUN(star_is_anything),
	RUN(question_mark_is_one_character),
	RUN(class_is_one_of_its_characters),
	RUN(class_without_an_end_is_a_bracket),
	RUN(bytes_above_ascii_match_themselves),
	{},
};

SUITE(names, cases);
