// SPDX-License-Identifier: GPL-2.0
/*
 * Drives a fuzz target without libFuzzer: mutated seeds, the same in every run, as one KTAP test.
 *
 *   fuzz-NAME [COUNT [FIRST]]   inputs FIRST to FIRST + COUNT - 1; a failure prints its number and bytes
 *   fuzz-NAME --corpus DIR      writes the seeds to DIR, for libFuzzer to begin with
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sanitizer/common_interface_defs.h>

#include "fuzz.h"
#include "random.h"

#define COUNT_DEFAULT 300000
#define CHANGES_MAX   8

/**
 * struct input - what the target is given
 * @number: which it is; all of it follows from that
 */
struct input {
	unsigned long number;
	uint8_t bytes[FUZZ_INPUT_MAX];
	size_t count;
};

static struct input input;

static uint8_t random_byte(struct random *random)
{
	static const uint8_t telling[] = { 0, 1, 2, 5, 0x1f, ' ', '/', '\\', '.', ':', 'C', 'z', 0x7f, 0x80, 0xff };

	if (random_one_in(random, 2))
		return telling[random_below(random, sizeof(telling))];
	return random_next(random) & 0xff;
}

static void start_from_seed(struct input *in, struct random *random)
{
	const struct fuzz_seed *seed = &fuzz_target.seeds[random_below(random, fuzz_target.seed_count)];

	memcpy(in->bytes, seed->bytes, seed->count);
	in->count = seed->count;
}

static void flip_bit(struct input *in, struct random *random)
{
	if (in->count)
		in->bytes[random_below(random, in->count)] ^= 1 << random_below(random, 8);
}

static void set_byte(struct input *in, struct random *random)
{
	if (in->count)
		in->bytes[random_below(random, in->count)] = random_byte(random);
}

/* Makes room for @count bytes at @at, as far as there is any; returns how many. */
static size_t open_gap(struct input *in, size_t at, size_t count)
{
	if (count > FUZZ_INPUT_MAX - in->count)
		count = FUZZ_INPUT_MAX - in->count;
	memmove(in->bytes + at + count, in->bytes + at, in->count - at);
	in->count += count;
	return count;
}

static void insert_run(struct input *in, struct random *random)
{
	size_t at = random_below(random, in->count + 1);
	size_t count = open_gap(in, at, 1 + random_below(random, random_one_in(random, 8) ? 300 : 4));

	memset(in->bytes + at, random_byte(random), count);
}

static void insert_bytes(struct input *in, struct random *random)
{
	size_t at = random_below(random, in->count + 1);
	size_t count = open_gap(in, at, 1 + random_below(random, 6));

	while (count--)
		in->bytes[at + count] = random_byte(random);
}

static void remove_bytes(struct input *in, struct random *random)
{
	size_t at = random_below(random, in->count + 1);
	size_t count = random_below(random, in->count - at + 1);

	memmove(in->bytes + at, in->bytes + at + count, in->count - at - count);
	in->count -= count;
}

static void cut(struct input *in, struct random *random)
{
	in->count = random_below(random, in->count + 1);
}

static void repeat_part(struct input *in, struct random *random)
{
	size_t from = random_below(random, in->count + 1);
	size_t count = open_gap(in, from, random_below(random, in->count - from + 1));

	memmove(in->bytes + from, in->bytes + from + count, count);
}

static void append_seed(struct input *in, struct random *random)
{
	const struct fuzz_seed *seed = &fuzz_target.seeds[random_below(random, fuzz_target.seed_count)];
	size_t at = in->count;

	memcpy(in->bytes + at, seed->bytes, open_gap(in, at, seed->count));
}

static void (*const changes[])(struct input *in, struct random *random) = {
	flip_bit, set_byte, insert_run, insert_bytes, remove_bytes, cut, repeat_part, append_seed,
};

static void make_input(struct input *in, unsigned long number)
{
	struct random random = random_from(number);
	size_t left = random_below(&random, CHANGES_MAX + 1);

	in->number = number;
	start_from_seed(in, &random);
	while (left--)
		changes[random_below(&random, sizeof(changes) / sizeof(changes[0]))](in, &random);
}

/* In memory of exactly its size. */
static void try_input(const struct input *in)
{
	uint8_t *data = fuzz_room(in->count);

	memcpy(data, in->bytes, in->count);
	LLVMFuzzerTestOneInput(data, in->count);
	free(data);
}

/* Called where a sanitizer ends the program, or abort() does: only what is safe there. */
static void report(void)
{
	size_t i;

	dprintf(STDOUT_FILENO, "not ok 1 - %s\n# input %lu, %zu bytes:", fuzz_target.sentence, input.number,
		input.count);
	for (i = 0; i < input.count; i++)
		dprintf(STDOUT_FILENO, " %02x", input.bytes[i]);
	dprintf(STDOUT_FILENO, "\n");
}

static void on_abort(int signal)
{
	(void)signal;
	report();
	_exit(1);
}

static int run_inputs(unsigned long count, unsigned long first)
{
	unsigned long i;

	printf("1..1\n");
	fflush(stdout);
	__sanitizer_set_death_callback(report);
	signal(SIGABRT, on_abort);
	for (i = 0; i < count; i++) {
		make_input(&input, first + i);
		try_input(&input);
	}
	__sanitizer_set_death_callback(NULL);
	printf("ok 1 - %s\n# inputs: %lu\n", fuzz_target.sentence, count);
	return 0;
}

static int write_seed(const char *dir, size_t number)
{
	const struct fuzz_seed *seed = &fuzz_target.seeds[number];
	char path[4096];
	size_t written;
	FILE *file;

	snprintf(path, sizeof(path), "%s/seed-%zu", dir, number);
	file = fopen(path, "w");
	if (!file)
		return -errno;
	written = fwrite(seed->bytes, 1, seed->count, file);
	return fclose(file) || written != seed->count ? -EIO : 0;
}

static int write_corpus(const char *dir)
{
	size_t i;
	int err = mkdir(dir, 0755) && errno != EEXIST ? -errno : 0;

	for (i = 0; !err && i < fuzz_target.seed_count; i++)
		err = write_seed(dir, i);
	if (err)
		fprintf(stderr, "%s: %s\n", dir, strerror(-err));
	return err ? 1 : 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "--corpus"))
		return write_corpus(argv[2]);
	return run_inputs(argc > 1 ? strtoul(argv[1], NULL, 0) : COUNT_DEFAULT,
			  argc > 2 ? strtoul(argv[2], NULL, 0) : 0);
}
