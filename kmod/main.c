// SPDX-License-Identifier: GPL-2.0
/*
 * ktftp: a TFTP server for read requests, in the kernel. The parts come up in the order in which they need
 * each other, netlink last, and go down in reverse.
 */
#include <linux/module.h>

#include "budget.h"
#include "content.h"
#include "handover.h"
#include "listener.h"
#include "netlink.h"
#include "netns.h"
#include "params.h"
#include "transfer.h"

static int __init ktftp_init(void)
{
	int err;

	ktftp_params_init();
	err = ktftp_content_init();
	if (err)
		return err;
	err = ktftp_transfer_init();
	if (err)
		goto exit_content;
	err = ktftp_listener_init();
	if (err)
		goto exit_transfer;
	err = ktftp_netns_init();
	if (err)
		goto exit_listener;
	err = ktftp_listeners_watch();
	if (err)
		goto exit_netns;
	err = ktftp_handover_init();
	if (err)
		goto unwatch;
	err = ktftp_netlink_init();
	if (err)
		goto exit_handover;
	return 0;

exit_handover:
	ktftp_handover_exit();
unwatch:
	ktftp_listeners_unwatch();
exit_netns:
	ktftp_netns_exit();
exit_listener:
	rcu_barrier();
	ktftp_listener_exit();
exit_transfer:
	ktftp_transfer_exit();
exit_content:
	ktftp_content_exit();
	ktftp_budget_exit();
	return err;
}

static void __exit ktftp_exit(void)
{
	ktftp_netlink_exit();
	ktftp_handover_exit();
	ktftp_listeners_unwatch();
	ktftp_netns_exit();
	/* Entries and listeners on their way through RCU call into this text. */
	rcu_barrier();
	ktftp_listener_exit();
	ktftp_transfer_exit();
	ktftp_content_exit();
	ktftp_budget_exit();
}

module_init(ktftp_init);
module_exit(ktftp_exit);

MODULE_DESCRIPTION("TFTP server for read requests");
MODULE_AUTHOR("The ktftp developers");
MODULE_LICENSE("GPL");
MODULE_VERSION(KTFTP_VERSION);
