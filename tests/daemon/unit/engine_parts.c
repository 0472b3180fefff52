// SPDX-License-Identifier: GPL-2.0
/* The parts of user space's engine that need no network: contents, reading ahead, tables, rates. */
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "ahead.h"
#include "clients.h"
#include "floors.h"
#include "key.h"
#include "rate.h"
#include "unit.h"

static uint8_t expected(size_t at)
{
	return at * 31 + at / 251;
}

static struct content *file_of(size_t bytes, int *fd)
{
	char path[] = "/tmp/engine-XXXXXX";
	uint8_t byte;
	size_t i;

	*fd = mkstemp(path);
	assert_true(*fd >= 0);
	for (i = 0; i < bytes; i++) {
		byte = expected(i);
		assert_int_equal(write(*fd, &byte, 1), 1);
	}
	unlink(path);
	return content_of_file(dup(*fd));
}

static struct content *memory_of(size_t bytes)
{
	uint8_t *memory = exact_room(bytes);
	size_t i;

	for (i = 0; i < bytes; i++)
		memory[i] = expected(i);
	return content_of_memory(memory, bytes);
}

static void assert_read(struct content *content, uint64_t offset, size_t bytes, ssize_t got)
{
	uint8_t *to = exact_room(bytes);
	ssize_t i;

	assert_int_equal(content_read(content, offset, to, bytes), got);
	for (i = 0; i < got; i++)
		assert_int_equal(to[i], expected(offset + i));
	free(to);
}

static void assert_readable(struct content *content)
{
	assert_int_equal(content_size(content), 3000);
	assert_read(content, 0, 3000, 3000);
	assert_read(content, 2999, 1, 1);
	assert_read(content, 2500, 512, 500);
	assert_read(content, 3000, 512, 0);
	assert_read(content, UINT64_MAX - 1, 512, 0);
}

CASE(files_and_memory_read_alike)
{
	struct content *memory = memory_of(3000), *file;
	int fd;

	file = file_of(3000, &fd);
	assert_readable(memory);
	assert_readable(file);
	content_put(content_get(memory));
	assert_readable(memory);
	content_put(memory);
	content_put(file);
	close(fd);
}

CASE(a_file_that_became_shorter_is_an_error_not_an_end)
{
	uint8_t to[512];
	struct iovec parts[] = { { to, 100 }, { to + 100, 412 } };
	struct content *file;
	int fd;

	file = file_of(3000, &fd);
	assert_int_equal(ftruncate(fd, 1000), 0);
	assert_int_equal(content_read(file, 512, to, 512), -ENODATA);
	assert_int_equal(content_read_parts(file, 512, parts, 2), -ENODATA);
	/* What is left of it may be another content's beginning. */
	assert_int_equal(content_read(file, 0, to, 512), -ENODATA);
	content_put(file);
	close(fd);
}

CASE(a_file_that_is_written_to_is_read_no_further)
{
	const struct timespec tick = { .tv_nsec = 50000000 };
	uint8_t to[512];
	struct iovec part = { to, 512 };
	struct content *file;
	int fd;

	file = file_of(3000, &fd);
	assert_int_equal(content_read(file, 0, to, 512), 512);
	nanosleep(&tick, NULL);
	assert_int_equal(pwrite(fd, "other", 5, 2000), 5);
	assert_int_equal(content_read(file, 512, to, 512), -ENODATA);
	assert_int_equal(content_read_parts(file, 512, &part, 1), -ENODATA);
	content_put(file);
	close(fd);
}

CASE(a_folder_is_no_content)
{
	errno = 0;
	assert_null(content_of_file(open("/tmp", O_RDONLY | O_DIRECTORY)));
	assert_int_equal(errno, EISDIR);
}

static void assert_parts(struct content *content)
{
	uint8_t one[100], two[1], three[2000];
	struct iovec parts[] = { { one, sizeof(one) }, { two, 0 }, { two, sizeof(two) }, { three, sizeof(three) } };
	size_t i;

	assert_int_equal(content_read_parts(content, 10, parts, 4), 2101);
	assert_int_equal(one[99], expected(109));
	assert_int_equal(two[0], expected(110));
	for (i = 0; i < sizeof(three); i++)
		assert_int_equal(three[i], expected(111 + i));
	/* Behind the end there is nothing. */
	assert_int_equal(content_read_parts(content, 2950, parts, 4), 50);
	assert_int_equal(content_read_parts(content, 3000, parts, 4), 0);
}

CASE(several_parts_are_read_as_one)
{
	struct content *memory = memory_of(3000), *file;
	int fd;

	file = file_of(3000, &fd);
	assert_parts(memory);
	assert_parts(file);
	content_put(memory);
	content_put(file);
	close(fd);
}

CASE(what_is_read_ahead_is_what_is_there)
{
	const size_t sizes[] = { 8, 512, 1428, 2048, 4000 };
	struct content *memory = memory_of(50000);
	struct tftp_ahead ahead = {};
	uint8_t to[4000];
	size_t all = 0, i, at, k;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (at = 0; at < 50000; at += sizes[i]) {
			size_t bytes = at + sizes[i] <= 50000 ? sizes[i] : 50000 - at;

			assert_int_equal(tftp_ahead_read(&ahead, &all, memory, at, to, bytes), bytes);
			for (k = 0; k < bytes; k++)
				assert_int_equal(to[k], expected(at + k));
		}
	}
	assert_int_equal(all, TFTP_AHEAD_BYTES);
	/* Back, as when something was lost. */
	assert_int_equal(tftp_ahead_read(&ahead, &all, memory, 512, to, 512), 512);
	assert_int_equal(to[0], expected(512));
	tftp_ahead_drop(&ahead, &all);
	assert_int_equal(all, 0);
	content_put(memory);
}

CASE(without_memory_nothing_is_read_ahead)
{
	struct content *memory = memory_of(50000);
	struct tftp_ahead ahead = {};
	size_t all = TFTP_AHEAD_ALL;
	uint8_t to[512];

	assert_int_equal(tftp_ahead_read(&ahead, &all, memory, 512, to, 512), 512);
	assert_int_equal(to[0], expected(512));
	assert_null(ahead.bytes);
	content_put(memory);
}

struct thing {
	struct tftp_node node;
	unsigned int number;
};

static struct thing *find(const struct tftp_index *index, uint64_t hash, unsigned int number)
{
	struct tftp_node *node;

	for (node = tftp_index_first(index, hash); node; node = tftp_index_next(node))
		if (((struct thing *)node)->number == number)
			return (struct thing *)node;
	return NULL;
}

CASE(an_index_finds_what_is_in_it_however_it_grows)
{
	static struct thing things[1000];
	struct tftp_index index = {};
	unsigned int i;

	assert_null(tftp_index_first(&index, 1));
	for (i = 0; i < 1000; i++) {
		things[i].number = i;
		/* Many share a hash. */
		assert_int_equal(tftp_index_insert(&index, &things[i].node, i / 3 * 0x9e3779b97f4a7c15ull), 0);
	}
	for (i = 0; i < 1000; i += 2)
		tftp_index_remove(&index, &things[i].node);
	tftp_index_remove(&index, &things[0].node);
	assert_int_equal(index.count, 500);
	for (i = 0; i < 1000; i++)
		assert_ptr_equal(find(&index, i / 3 * 0x9e3779b97f4a7c15ull, i), i % 2 ? &things[i] : NULL);
	tftp_index_free(&index);
}

static struct tftp_key key_of(uint32_t host)
{
	struct tftp_key key = { .peer_port = 1000 + host };

	tftp_map_ipv4(&key.peer, htonl(0x0a000000 + host));
	return key;
}

CASE(a_client_is_an_address_whatever_its_port)
{
	struct tftp_key key = key_of(1), same = key_of(1), other = key_of(2);
	struct tftp_clients clients = {};
	struct tftp_hash_key hash;

	tftp_hash_key_init(&hash);
	same.peer_port = 7;
	assert_int_equal(tftp_clients_add(&clients, &hash, &key, 2), 0);
	assert_int_equal(tftp_clients_add(&clients, &hash, &same, 2), 0);
	assert_int_equal(tftp_clients_add(&clients, &hash, &key, 2), -EDQUOT);
	assert_int_equal(tftp_clients_add(&clients, &hash, &other, 2), 0);
	tftp_clients_remove(&clients, &hash, &key);
	assert_int_equal(tftp_clients_add(&clients, &hash, &same, 2), 0);
	tftp_clients_remove(&clients, &hash, &key);
	tftp_clients_remove(&clients, &hash, &key);
	tftp_clients_remove(&clients, &hash, &other);
	assert_int_equal(clients.index.count, 0);
	tftp_clients_free(&clients);
}

CASE(a_floor_is_kept_for_its_client)
{
	static struct tftp_floors floors;
	struct tftp_key one = key_of(1), two = key_of(2);
	struct tftp_hash_key hash = { 1, 2 };

	assert_int_equal(tftp_floors_get(&floors, &hash, &one.peer), 0);
	tftp_floors_learn(&floors, &hash, &one.peer, 640000);
	tftp_floors_learn(&floors, &hash, &two.peer, 0);
	assert_int_equal(tftp_floors_get(&floors, &hash, &one.peer), 640000);
	assert_int_equal(tftp_floors_get(&floors, &hash, &two.peer), 0);
	tftp_floors_learn(&floors, &hash, &one.peer, 0);
	assert_int_equal(tftp_floors_get(&floors, &hash, &one.peer), 0);
}

CASE(a_rate_lets_as_much_through_as_it_says)
{
	static struct tftp_rates rates;
	struct tftp_key here = key_of(1), neighbour = key_of(2), elsewhere = key_of(70000);
	struct tftp_hash_key hash = { 3, 4 };
	unsigned int i;

	for (i = 0; i < 10; i++)
		assert_true(tftp_rates_take(&rates, &hash, i % 2 ? &here.peer : &neighbour.peer, 5000000, 10));
	assert_false(tftp_rates_take(&rates, &hash, &here.peer, 5000000, 10));
	assert_true(tftp_rates_take(&rates, &hash, &elsewhere.peer, 5000000, 10));
	assert_true(tftp_rates_take(&rates, &hash, &here.peer, 5100000, 10));
	assert_false(tftp_rates_take(&rates, &hash, &here.peer, 5100000, 10));
}

CASE(addresses_that_cannot_be_clients_are_known)
{
	struct tftp_key key = key_of(1);

	assert_true(tftp_key_is_client(&key));
	key.peer_port = 69;
	assert_false(tftp_key_is_client(&key));
	key.peer_port = 4000;
	tftp_map_ipv4(&key.peer, htonl(0xffffffff));
	assert_false(tftp_key_is_client(&key));
	tftp_map_ipv4(&key.peer, htonl(0xe0000001));
	assert_false(tftp_key_is_client(&key));
	tftp_map_ipv4(&key.peer, htonl(0x00000001));
	assert_false(tftp_key_is_client(&key));
	key.peer = in6addr_any;
	assert_false(tftp_key_is_client(&key));
	key.peer = in6addr_loopback;
	assert_true(tftp_key_is_client(&key));
	key.peer.s6_addr[0] = 0xff;
	assert_false(tftp_key_is_client(&key));
}

struct unit_case cases[] = {
	RUN(files_and_memory_read_alike),
	RUN(a_file_that_became_shorter_is_an_error_not_an_end),
	RUN(a_file_that_is_written_to_is_read_no_further),
	RUN(a_folder_is_no_content),
	RUN(several_parts_are_read_as_one),
	RUN(what_is_read_ahead_is_what_is_there),
	RUN(without_memory_nothing_is_read_ahead),
	RUN(an_index_finds_what_is_in_it_however_it_grows),
	RUN(a_client_is_an_address_whatever_its_port),
	RUN(a_floor_is_kept_for_its_client),
	RUN(a_rate_lets_as_much_through_as_it_says),
	RUN(addresses_that_cannot_be_clients_are_known),
	{},
};

SUITE(engine_parts, cases);
