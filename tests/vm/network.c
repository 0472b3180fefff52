// SPDX-License-Identifier: GPL-2.0
/* Loopback up; eth0 as QEMU's user-mode network wants it, when the rig says so. */
#include <arpa/inet.h>
#include <net/if.h>
#include <net/route.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "init.h"

static void set_up(int fd, const char *device)
{
	struct ifreq request = {};

	strcpy(request.ifr_name, device);
	ioctl(fd, SIOCGIFFLAGS, &request);
	request.ifr_flags |= IFF_UP;
	if (ioctl(fd, SIOCSIFFLAGS, &request))
		fail("cannot bring %s up", device);
}

static void set_address(int fd, const char *device, unsigned long what, const char *address)
{
	struct ifreq request = {};
	struct sockaddr_in *in = (struct sockaddr_in *)&request.ifr_addr;

	strcpy(request.ifr_name, device);
	in->sin_family = AF_INET;
	inet_pton(AF_INET, address, &in->sin_addr);
	if (ioctl(fd, what, &request))
		fail("cannot set an address of %s", device);
}

static void set_gateway(int fd, const char *address)
{
	struct rtentry route = { .rt_flags = RTF_UP | RTF_GATEWAY };
	struct sockaddr_in *gateway = (struct sockaddr_in *)&route.rt_gateway;

	route.rt_dst.sa_family = AF_INET;
	route.rt_genmask.sa_family = AF_INET;
	gateway->sin_family = AF_INET;
	inet_pton(AF_INET, address, &gateway->sin_addr);
	if (ioctl(fd, SIOCADDRT, &route))
		fail("cannot set the gateway");
}

void bring_up_network(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	set_up(fd, "lo");
	if (!strcmp(setting("NETWORK"), "user")) {
		set_address(fd, "eth0", SIOCSIFADDR, "10.0.2.15");
		set_address(fd, "eth0", SIOCSIFNETMASK, "255.255.255.0");
		set_up(fd, "eth0");
		set_gateway(fd, "10.0.2.2");
	}
	close(fd);
}
