// SPDX-License-Identifier: GPL-2.0
/*
 * See nearest.h. A folder may have tens of thousands of names, so that most of them have to be dismissed by their
 * length, and nearly all others after a few letters.
 */
#include <stdbool.h>
#include <string.h>

#include "nearest.h"

/* Cells of a row of the matrix of distances that can matter: as many to each side of its diagonal as mistakes. */
#define BAND                       (2 * NEAREST_MOST + 1)

/* Ranks: a name with one mistake, the same name elsewhere, a name with two mistakes. */
#define RANK_OF_MISTAKES(mistakes) (2 * (mistakes))
#define RANK_ELSEWHERE             3
#define RANK_NONE                  (RANK_OF_MISTAKES(NEAREST_MOST) + 1)

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

static bool is_same(char a, char b)
{
	return lower(a) == lower(b);
}

/* What is left of two names when what they begin and end with alike is taken away. */
struct rest {
	const char *a, *b;
	size_t a_bytes, b_bytes;
};

static void trim(struct rest *r)
{
	while (r->a_bytes && r->b_bytes && is_same(*r->a, *r->b)) {
		r->a++;
		r->b++;
		r->a_bytes--;
		r->b_bytes--;
	}
	while (r->a_bytes && r->b_bytes && is_same(r->a[r->a_bytes - 1], r->b[r->b_bytes - 1])) {
		r->a_bytes--;
		r->b_bytes--;
	}
}

static unsigned int least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/* The last two letters of both parts are the same, the other way round. */
static bool is_swapped(const struct rest *r, size_t i, size_t j)
{
	return i > 1 && j > 1 && is_same(r->a[i - 1], r->b[j - 2]) && is_same(r->a[i - 2], r->b[j - 1]);
}

/*
 * One row of the matrix: the distances of the first i letters of a to the first j of b, j from i - NEAREST_MOST on.
 * Cells outside the matrix are as far as can be told. Return: the least of the row.
 */
static unsigned int fill_row(const struct rest *r, size_t i, unsigned int rows[3][BAND], unsigned int far)
{
	unsigned int *row = rows[i % 3], *before = rows[(i + 2) % 3], *two_before = rows[(i + 1) % 3];
	unsigned int nearest = far, k;

	for (k = 0; k < BAND; k++) {
		size_t j = i + k - NEAREST_MOST;

		row[k] = far;
		if (i + k < NEAREST_MOST || j > r->b_bytes)
			continue;
		if (!i || !j) {
			row[k] = least(i + j, far);
		} else {
			row[k] = least(far, before[k] + !is_same(r->a[i - 1], r->b[j - 1]));
			if (k)
				row[k] = least(row[k], row[k - 1] + 1);
			if (k + 1 < BAND)
				row[k] = least(row[k], before[k + 1] + 1);
			if (is_swapped(r, i, j))
				row[k] = least(row[k], two_before[k] + 1);
		}
		nearest = least(nearest, row[k]);
	}
	return nearest;
}

static unsigned int distance(struct rest r, unsigned int most)
{
	const size_t longer = r.a_bytes > r.b_bytes ? r.a_bytes - r.b_bytes : r.b_bytes - r.a_bytes;
	const unsigned int far = most + 1;
	unsigned int rows[3][BAND], nearest, last = 0;
	size_t i;

	if (longer > most)
		return far;
	trim(&r);
	for (i = 0; i <= r.a_bytes; i++) {
		nearest = fill_row(&r, i, rows, far);
		/* Two rows, for a swap passes over one. */
		if (nearest == far && last == far)
			return far;
		last = nearest;
	}
	return rows[r.a_bytes % 3][r.b_bytes + NEAREST_MOST - r.a_bytes];
}

unsigned int nearest_distance(const char *a, const char *b, unsigned int most)
{
	const struct rest r = { .a = a, .b = b, .a_bytes = strlen(a), .b_bytes = strlen(b) };

	return distance(r, most);
}

static const char *base_of(const char *name)
{
	const char *slash = strrchr(name, '/');

	return slash ? slash + 1 : name;
}

/* With two mistakes, any name of three letters could be any other. */
static unsigned int mistakes_of(size_t bytes)
{
	if (bytes < 4)
		return 0;
	return bytes < 8 ? 1 : NEAREST_MOST;
}

void nearest_begin(struct nearest *n, const char *name)
{
	size_t i;

	memset(n, 0, sizeof(*n));
	n->far = RANK_NONE;
	n->bytes = strlen(name);
	if (n->bytes > KTFTP_NAME_MAX) {
		n->far = 0;
		return;
	}
	for (i = 0; i < n->bytes; i++)
		n->name[i] = lower(name[i]);
	n->base = base_of(n->name) - n->name;
	n->most = mistakes_of(n->bytes - n->base);
}

/* The same last component, in whatever directory. */
static bool is_elsewhere(const struct nearest *n, const char *name, size_t bytes)
{
	size_t base_bytes = n->bytes - n->base, i;

	if (!base_bytes || bytes < base_bytes || (bytes > base_bytes && name[bytes - base_bytes - 1] != '/'))
		return false;
	for (i = 0; i < base_bytes; i++)
		if (lower(name[bytes - base_bytes + i]) != n->name[n->base + i])
			return false;
	return true;
}

static unsigned int rank(const struct nearest *n, const char *name)
{
	const struct rest r = { .a = n->name, .b = name, .a_bytes = n->bytes, .b_bytes = strlen(name) };
	const unsigned int mistakes = distance(r, n->most);

	/* Two mistakes are further away than another directory. */
	if (mistakes < NEAREST_MOST && mistakes <= n->most)
		return RANK_OF_MISTAKES(mistakes);
	if (is_elsewhere(n, name, r.b_bytes))
		return RANK_ELSEWHERE;
	return mistakes <= n->most ? RANK_OF_MISTAKES(mistakes) : RANK_NONE;
}

void nearest_consider(struct nearest *n, const char *name)
{
	unsigned int far;

	/* Nothing is nearer than what differs in case alone. */
	if (!n->far)
		return;
	far = rank(n, name);
	if (far >= n->far)
		return;
	n->best = name;
	n->far = far;
}
