// SPDX-License-Identifier: GPL-2.0
/* A fresh network namespace with the module in it: what a test leaves behind goes with its namespace. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client.h"
#include "ktap.h"

#define PARAMETERS "/sys/module/ktftp/parameters/"
#define SEALS      (F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

struct ktftp *k;

static const char *bring_up_loopback(void)
{
	struct ifreq request = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	EXPECT(fd >= 0);
	EXPECT(!ioctl(fd, SIOCGIFFLAGS, &request));
	request.ifr_flags |= IFF_UP;
	EXPECT(!ioctl(fd, SIOCSIFFLAGS, &request));
	close(fd);
	return NULL;
}

const char *fresh_namespace(void)
{
	ktftp_close(k);
	k = NULL;
	EXPECT(!unshare(CLONE_NEWNET));
	EXPECT_OK(bring_up_loopback());
	EXPECT(!ktftp_open(&k));
	return NULL;
}

const char *listen_on(const char *address, uint32_t flags)
{
	struct ktftp_listener listener = { .flags = flags };

	listener.address.length = strchr(address, ':') ? 16 : 4;
	EXPECT(inet_pton(strchr(address, ':') ? AF_INET6 : AF_INET, address, listener.address.bytes) == 1);
	EXPECT(!ktftp_listener_add(k, &listener));
	return NULL;
}

int sealed_memfd(const void *bytes, size_t length)
{
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	size_t done = 0;
	ssize_t n;

	while (fd >= 0 && done < length) {
		n = write(fd, (const char *)bytes + done, length - done);
		if (n <= 0)
			break;
		done += n;
	}
	if (fd >= 0 && done == length && !fcntl(fd, F_ADD_SEALS, SEALS))
		return fd;
	close(fd);
	return -1;
}

const char *publish_bytes(const char *name, const void *bytes, size_t length)
{
	const struct ktftp_properties properties = { .name = name };
	int fd = sealed_memfd(bytes, length), err;
	struct ktftp_entry entry;

	EXPECT(fd >= 0);
	err = ktftp_publish_fd(k, &properties, fd, KTFTP_KIND_SEALED, &entry);
	close(fd);
	EXPECT(!err);
	EXPECT(entry.size == length);
	EXPECT(entry.kind == KTFTP_KIND_SEALED);
	return NULL;
}

/* Bytes that differ from block to block and within each; to be freed. */
uint8_t *pattern(size_t length)
{
	uint8_t *bytes = malloc(length + 1);
	uint32_t state = 12345;
	size_t i;

	for (i = 0; bytes && i < length; i++) {
		state = state * 1103515245 + 12345;
		bytes[i] = state >> 16;
	}
	return bytes;
}

uint64_t stat_of(enum ktftp_a_stats which)
{
	struct ktftp_stats stats;

	return ktftp_stats_get(k, &stats) ? UINT64_MAX : stats.value[which];
}

/* The counter is written a moment after the packet has arrived. */
bool reaches_at_least(enum ktftp_a_stats which, uint64_t value)
{
	int tries;

	for (tries = 0; tries < 500; tries++) {
		if (stat_of(which) >= value)
			return true;
		usleep(10000);
	}
	return false;
}

bool reaches(enum ktftp_a_stats which, uint64_t value)
{
	return reaches_at_least(which, value) && stat_of(which) == value;
}

static int count_one(const struct ktftp_transfer *transfer, void *context)
{
	size_t *count = context;

	(void)transfer;
	++*count;
	return 0;
}

size_t transfers(void)
{
	size_t count = 0;

	return ktftp_transfer_list(k, count_one, &count) ? SIZE_MAX : count;
}

const char *set_param(const char *name, unsigned int value)
{
	char path[256];
	FILE *file;
	int err;

	snprintf(path, sizeof(path), PARAMETERS "%s", name);
	file = fopen(path, "we");
	EXPECT(file);
	fprintf(file, "%u", value);
	err = fclose(file);
	EXPECT(!err);
	return NULL;
}

unsigned int get_param(const char *name)
{
	unsigned int value = 0;
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), PARAMETERS "%s", name);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (fscanf(file, "%u", &value) != 1)
		value = 0;
	fclose(file);
	return value;
}
