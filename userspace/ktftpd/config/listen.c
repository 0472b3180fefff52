// SPDX-License-Identifier: GPL-2.0
/* Sections "listen": where requests are taken. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto.h"
#include "reader.h"
#include "values.h"

#define DSCP_MOST 63

/* As the module's, see ktftpctl(8). */
#define TID_FIRST 61000
#define TID_LAST  63999

/* The listener of the section at hand. */
static struct ktftp_listener *last(const struct reader *r)
{
	return (struct ktftp_listener *)r->listeners.items + r->listeners.count - 1;
}

static struct ktftp_listener *at(const struct reader *r, size_t i)
{
	return (struct ktftp_listener *)r->listeners.items + i;
}

static unsigned int line_of(const struct reader *r, size_t i)
{
	return ((const unsigned int *)r->listener_lines.items)[i];
}

static bool is_broadcast(const struct ktftp_address *address)
{
	static const uint8_t ones[4] = { 255, 255, 255, 255 };

	return address->length == 4 && !memcmp(address->bytes, ones, sizeof(ones));
}

static bool is_multicast(const struct ktftp_address *address)
{
	return address->length == 4 ? address->bytes[0] >> 4 == 14 : address->bytes[0] == 0xff;
}

/* An IPv4 address in the form of IPv6 is the module's IPv4 address. */
static void unmap(struct ktftp_address *address)
{
	static const uint8_t mapped[12] = { [10] = 255, [11] = 255 };

	if (address->length != 16 || memcmp(address->bytes, mapped, sizeof(mapped)))
		return;
	memmove(address->bytes, address->bytes + sizeof(mapped), 4);
	memset(address->bytes + 4, 0, sizeof(mapped));
	address->length = 4;
}

void conf_begin_listen(struct reader *r, const char *title)
{
	struct ktftp_listener *listener = vector_add(&r->listeners);
	unsigned int *line = vector_add(&r->listener_lines);

	if (!listener || !line) {
		conf_refuse_memory(r);
		return;
	}
	*line = r->line;
	if (conf_address(title, &listener->address, &listener->port))
		conf_refuse(
			r, r->line,
			"listen needs an address, with a port or without: \"0.0.0.0\", \"192.0.2.1:69\", \"[::]\" or "
			"\"[2001:db8::1]:69\", not '%s'",
			title);
	unmap(&listener->address);
	if (is_multicast(&listener->address) || is_broadcast(&listener->address))
		conf_refuse(r, r->line,
			    "nobody can listen on the multicast or broadcast address %s; name one of this host", title);
	if (!listener->port)
		listener->port = KTFTP_PORT;
	listener->tid_first = TID_FIRST;
	listener->tid_last = TID_LAST;
}

static int take_flag(struct reader *r, const struct setting *setting, const char *text)
{
	bool yes;

	if (conf_bool(text, &yes))
		return conf_refuse(r, r->line, "%s is true or false, not '%s'", setting->name, text);
	if (yes)
		last(r)->flags |= setting->most;
	return 0;
}

static int take_device(struct reader *r, const struct setting *setting, const char *text)
{
	struct ktftp_listener *listener = last(r);

	if (!*text || strlen(text) >= sizeof(listener->device) || strpbrk(text, "/ :"))
		return conf_refuse(r, r->line, "%s is the name of a device or VRF, 1 to 15 characters, not '%s'",
				   setting->name, text);
	strcpy(listener->device, text);
	return 0;
}

static int take_tid_ports(struct reader *r, const struct setting *setting, const char *text)
{
	struct ktftp_listener *listener = last(r);

	if (!conf_ports(text, &listener->tid_first, &listener->tid_last))
		return 0;
	return conf_refuse(r, r->line, "%s is a range of ports, as 61000-63999, not '%s'", setting->name, text);
}

static int take_dscp(struct reader *r, const struct setting *setting, const char *text)
{
	uint64_t number;

	if (conf_number(text, 0, DSCP_MOST, &number))
		return conf_refuse(r, r->line, "%s is a number, 0 to %d, not '%s'", setting->name, DSCP_MOST, text);
	last(r)->dscp = number;
	return 0;
}

static int take_mark(struct reader *r, const struct setting *setting, const char *text)
{
	uint64_t number;

	if (conf_number(text, 0, UINT32_MAX, &number))
		return conf_refuse(r, r->line, "%s is a number, 0 to %u, or hexadecimal as 0x1f, not '%s'",
				   setting->name, UINT32_MAX, text);
	last(r)->mark = number;
	return 0;
}

const struct setting conf_listen_settings[LISTEN_SETTINGS] = {
	{ .name = "single-port", .take = take_flag, .most = KTFTP_LISTENER_FLAG_SINGLE_PORT },
	{ .name = "notrack", .take = take_flag, .most = KTFTP_LISTENER_FLAG_NOTRACK },
	{ .name = "device", .take = take_device },
	{ .name = "tid-ports", .take = take_tid_ports },
	{ .name = "dscp", .take = take_dscp },
	{ .name = "mark", .take = take_mark },
};

bool config_is_same_listener(const struct ktftp_listener *a, const struct ktftp_listener *b)
{
	return a->address.length == b->address.length && a->port == b->port &&
	       !memcmp(a->address.bytes, b->address.bytes, a->address.length) && !strcmp(a->device, b->device);
}

static bool is_link_local(const struct ktftp_address *address)
{
	return address->length == 16 && address->bytes[0] == 0xfe && (address->bytes[1] & 0xc0) == 0x80;
}

/* Those before it are all right. */
static int check_listener(struct reader *r, size_t i)
{
	const struct ktftp_listener *listener = at(r, i);
	size_t k;

	if (is_link_local(&listener->address) && !listener->device[0])
		return conf_refuse(r, line_of(r, i), "a link-local address needs its device; add device = \"eth0\"");
	for (k = 0; k < i; k++)
		if (config_is_same_listener(listener, at(r, k)))
			return conf_refuse(
				r, line_of(r, i),
				"this listener is there already, in line %u; another one needs another address, "
				"port or device",
				line_of(r, k));
	return 0;
}

static bool overlap(uint16_t first, uint16_t last, const struct engine_limits *limits)
{
	return first <= limits->port_last && limits->port_first <= last;
}

/* The line of what was written last, or of the file as a whole when neither was. */
static unsigned int later(unsigned int a, unsigned int b)
{
	return a > b ? a : b;
}

/* The daemon answers from ports of its own: neither those of the module nor those where requests come in. */
static int check_ports(struct reader *r, size_t i)
{
	const struct engine_limits *limits = &r->config->limits;
	const struct ktftp_listener *l = at(r, i);
	unsigned int line = later(r->daemon_ports_line, line_of(r, i));

	if (overlap(l->port, l->port, limits))
		return conf_refuse(r, line, "port %u is one of daemon-ports, %u-%u; keep them apart", l->port,
				   limits->port_first, limits->port_last);
	if (!(l->flags & KTFTP_LISTENER_FLAG_SINGLE_PORT) && overlap(l->tid_first, l->tid_last, limits))
		return conf_refuse(r, line, "tid-ports %u-%u and daemon-ports %u-%u overlap; keep them apart",
				   l->tid_first, l->tid_last, limits->port_first, limits->port_last);
	return 0;
}

static bool has_ipv6(void)
{
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return errno != EAFNOSUPPORT;
	close(fd);
	return true;
}

/* All addresses, IPv4 and, where the kernel has it, IPv6. */
static int add_default_listeners(struct reader *r)
{
	r->line = 0;
	conf_begin_listen(r, "0.0.0.0");
	if (!r->err && has_ipv6())
		conf_begin_listen(r, "[::]");
	return r->err;
}

int conf_finish_listeners(struct reader *r)
{
	size_t i;

	if (!r->listeners.count && add_default_listeners(r))
		return r->err;
	for (i = 0; i < r->listeners.count; i++)
		if (check_listener(r, i) || check_ports(r, i))
			return r->err;
	r->config->listeners = r->listeners.items;
	r->config->listener_count = r->listeners.count;
	r->listeners = (struct vector){};
	return 0;
}
