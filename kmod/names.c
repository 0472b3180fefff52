// SPDX-License-Identifier: GPL-2.0
/*
 * Pure: the canonical form of a name. There is no path resolution anywhere: a name is a key, so nothing
 * can be traversed; ".." is refused all the same, because whoever sends it does not mean a name of ours.
 */
#include <linux/errno.h>
#include <linux/string.h>

#include "names.h"

static bool is_separator(u8 c)
{
	return c == '/' || c == '\\';
}

static bool is_letter(u8 c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_control(u8 c)
{
	return c < 0x20 || c == 0x7f;
}

static char fold(char c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

/* Adds one segment of a path; "." adds nothing. */
static int add_segment(char *out, size_t *used, const u8 *segment, size_t bytes)
{
	size_t i;

	if (!bytes || (bytes == 1 && segment[0] == '.'))
		return 0;
	if (bytes == 2 && segment[0] == '.' && segment[1] == '.')
		return -EINVAL;
	if (*used + (*used ? 1 : 0) + bytes > KTFTP_NAME_MAX)
		return -ENAMETOOLONG;
	if (*used)
		out[(*used)++] = '/';
	for (i = 0; i < bytes; i++) {
		if (is_control(segment[i]))
			return -EINVAL;
		out[(*used)++] = segment[i];
	}
	return 0;
}

/**
 * ktftp_name_canonical() - the form in which the store knows a name
 * @in: name as sent, not terminated
 * @bytes: its length
 * @out: the canonical name, terminated
 *
 * "\" becomes "/"; a drive letter, leading and repeated "/" and "." segments are dropped; case stays.
 *
 * Context: any. Return: length of @out, at least 1; -EINVAL for a ".." segment, a control character or
 * nothing left; -ENAMETOOLONG for more than KTFTP_NAME_MAX bytes. @out is undefined on error.
 */
int ktftp_name_canonical(const u8 *in, size_t bytes, char out[KTFTP_NAME_MAX + 1])
{
	size_t used = 0, start = 0, i;
	int err;

	for (i = 0; i <= bytes; i++) {
		/* Whatever else was dropped before it: what begins with a drive letter is no canonical name. */
		if (!used && i == start + 1 && i < bytes && is_letter(in[start]) && in[i] == ':') {
			start = i + 1;
			continue;
		}
		if (i < bytes && !is_separator(in[i]))
			continue;
		err = add_segment(out, &used, in + start, i - start);
		if (err)
			return err;
		start = i + 1;
	}
	if (!used)
		return -EINVAL;
	out[used] = 0;
	return used;
}

/**
 * ktftp_name_fold() - the case-folded form of a canonical name
 * @name: canonical name
 * @bytes: its length
 * @out: room for @bytes; may be @name
 *
 * ASCII only: firmware names are ASCII, and a locale has no place in a kernel.
 *
 * Return: @bytes.
 */
size_t ktftp_name_fold(const char *name, size_t bytes, char *out)
{
	size_t i;

	for (i = 0; i < bytes; i++)
		out[i] = fold(name[i]);
	return bytes;
}

/**
 * ktftp_name_same_folded() - do two names of one length differ in case only
 * @a: one name
 * @b: the other
 * @bytes: the length of both
 */
bool ktftp_name_same_folded(const char *a, const char *b, size_t bytes)
{
	size_t i;

	for (i = 0; i < bytes; i++)
		if (fold(a[i]) != fold(b[i]))
			return false;
	return true;
}

/* Is a character in the class that begins behind a "["; *@end is behind it, NULL when there is no end of it. */
static bool is_in_class(const char *class, char c, const char **end)
{
	bool inverted = *class == '!' || *class == '^', in = false;
	const char *at = class + inverted;

	*end = NULL;
	/* A "]" that comes first is one of the characters. */
	do {
		if (!*at)
			return false;
		if (at[1] == '-' && at[2] && at[2] != ']') {
			in |= (u8)c >= (u8)at[0] && (u8)c <= (u8)at[2];
			at += 3;
		} else {
			in |= c == *at++;
		}
	} while (*at != ']');
	*end = at + 1;
	return in != inverted;
}

/* Does what is no "*" match one character; *@next is behind it. A class without an end is a "[". */
static bool matches_one(const char *pattern, char c, const char **next)
{
	bool in;

	*next = pattern + 1;
	if (!c)
		return false;
	if (*pattern == '?')
		return true;
	if (*pattern == '[') {
		in = is_in_class(pattern + 1, c, next);
		if (*next)
			return in;
		*next = pattern + 1;
	}
	return *pattern == c;
}

/**
 * ktftp_name_matches() - does a pattern match a name as a whole
 * @pattern: "*" is anything, "/" included, "?" any character, "[a-z]" one of these, "[!a-z]" none of these; terminated
 * @name: terminated
 *
 * As the two are, case included: fold both before.
 *
 * Context: any; at most as many steps as the product of their lengths.
 */
bool ktftp_name_matches(const char *pattern, const char *name)
{
	const char *after_star = NULL, *star_name = NULL, *next;

	for (;;) {
		if (*pattern == '*') {
			after_star = ++pattern;
			star_name = name;
		} else if (matches_one(pattern, *name, &next)) {
			pattern = next;
			name++;
		} else if (!*pattern && !*name) {
			return true;
		} else if (after_star && *star_name) {
			/* The last star takes one character more; those before it have no reason to. */
			name = ++star_name;
			pattern = after_star;
		} else {
			return false;
		}
	}
}

/**
 * ktftp_name_kind() - what kind of file a name says it is
 * @name: canonical name
 * @bytes: its length
 *
 * Its last part tells, in any case.
 */
enum ktftp_name_kind ktftp_name_kind(const char *name, size_t bytes)
{
	static const struct {
		const char *text;
		size_t bytes;
	} begins[] = {
		[KTFTP_NAME_SEP] = { "SEP", 3 },
		[KTFTP_NAME_SIP] = { "SIP", 3 },
		[KTFTP_NAME_GK] = { "GK", 2 },
		[KTFTP_NAME_LD] = { "LD", 2 },
	};
	size_t start = bytes;
	int kind;

	while (start && name[start - 1] != '/')
		start--;
	for (kind = 0; kind < KTFTP_NAME_OTHER; kind++)
		if (bytes - start >= begins[kind].bytes &&
		    ktftp_name_same_folded(name + start, begins[kind].text, begins[kind].bytes))
			break;
	return kind;
}
