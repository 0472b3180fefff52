/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The sockets of a listener. Opened, then hooked, so that packets arrive; unhooked, and closed a grace period later.
 */
#ifndef KTFTP_PORTS_H
#define KTFTP_PORTS_H

struct ktftp_listener;
struct ktftp_port;
struct netlink_ext_ack;

int ktftp_ports_open(struct ktftp_listener *listener, struct netlink_ext_ack *extack);
void ktftp_ports_hook(struct ktftp_listener *listener);
void ktftp_ports_unhook(struct ktftp_listener *listener);
void ktftp_ports_close(struct ktftp_listener *listener);
void ktftp_port_unhook(struct ktftp_port *port);
void ktftp_port_close(struct ktftp_port *port);

#endif
