/* SPDX-License-Identifier: GPL-2.0 */
/* Somebody at the control socket: lines in, lines out, and what bounds both. */
#ifndef KTFTPD_CLIENT_H
#define KTFTPD_CLIENT_H

#include <jansson.h>
#include <sys/queue.h>

#include "daemon.h"
#include "rights.h"

struct client;
LIST_HEAD(clients, client);

/**
 * struct clients_state - all of them
 * @list: they
 * @count: how many
 * @netns: number of the network namespace, told with each answer
 */
struct clients_state {
	struct clients list;
	size_t count;
	json_int_t netns;
};

/* So many are answered, and so many more are told that there are too many. */
#define CLIENTS_MOST    256
#define CLIENTS_REFUSED 32

/* Takes the descriptor over. */
void client_add(struct daemon *d, struct clients_state *all, int fd, enum control_right right);
void clients_free(struct clients_state *all);

#endif
