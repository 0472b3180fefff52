/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pure: what to hold in the kernel when not everything fits. What is asked for most is; requests count half as much
 * with every hour that has passed since; and what is held stays unless something else is clearly wanted more.
 */
#ifndef KTFTPD_HOT_H
#define KTFTPD_HOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The score of one request, made now. */
#define HOT_REQUEST (UINT64_C(1) << 16)

/**
 * struct hot - something that is held as a whole or not at all
 * @bytes: what it takes
 * @names: how many names it is of, 0 for one
 * @score: how much it is asked for
 * @is_held: it is held now
 * @is_wanted: it is to be: hot_choose() says so
 */
struct hot {
	uint64_t bytes;
	uint64_t names;
	uint64_t score;
	bool is_held;
	bool is_wanted;
};

/*
 * hot_choose() - what to hold within a budget
 *
 * In the order of their scores, of equal ones what is held first, then what is smaller by the name, then the earlier: what fits beside what was chosen
 * before. What is held counts for more, so that another one needs more than twice its score and one request to take its
 * place: the same question with its own answer has that answer again.
 *
 * Return: 0; -ENOMEM, and nothing has changed.
 */
int hot_choose(struct hot *things, size_t count, uint64_t budget);

/* A score that so many minutes have passed over. */
uint64_t hot_aged(uint64_t score, uint64_t minutes);
/* The score of so many requests in the last so many milliseconds, of which it is not known when they came. */
uint64_t hot_score(uint64_t requests, uint64_t ms);

#endif
