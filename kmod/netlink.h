/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The generic netlink family, described in docs/netlink/ktftp.yaml. Handlers are thin: they check what the
 * policies cannot, and call the rest. They run in parallel, in process context.
 */
#ifndef KTFTP_NETLINK_H
#define KTFTP_NETLINK_H

#include <net/genetlink.h>

struct in6_addr;

enum ktftp_mcgrp {
	KTFTP_MCGRP_INDEX_EVENTS,
};

extern struct genl_family ktftp_family;

extern const struct nla_policy ktftp_listener_policy[];
extern const struct nla_policy ktftp_info_policy[];
extern const struct nla_policy ktftp_entry_policy[];
extern const struct nla_policy ktftp_absent_policy[];
extern const struct nla_policy ktftp_set_policy[];
extern const struct nla_policy ktftp_view_policy[];
extern const struct nla_policy ktftp_request_policy[];

int ktftp_nl_listener_add(struct sk_buff *skb, struct genl_info *info);
int ktftp_nl_listener_del(struct sk_buff *skb, struct genl_info *info);
int ktftp_nl_listener_drain(struct sk_buff *skb, struct genl_info *info);
int ktftp_nl_listener_dump(struct sk_buff *skb, struct netlink_callback *cb);
int ktftp_nl_publish(struct sk_buff *skb, struct genl_info *info);
int ktftp_nl_withdraw(struct sk_buff *skb, struct genl_info *info);
int ktftp_nl_entry_dump(struct sk_buff *skb, struct netlink_callback *cb);
int ktftp_nl_publish_set(struct sk_buff *skb, struct genl_info *info);
int ktftp_nl_absent_add(struct sk_buff *skb, struct genl_info *info);
int ktftp_nl_absent_del(struct sk_buff *skb, struct genl_info *info);
int ktftp_nl_absent_dump(struct sk_buff *skb, struct netlink_callback *cb);
int ktftp_nl_view_set(struct sk_buff *skb, struct genl_info *info);
int ktftp_nl_view_dump(struct sk_buff *skb, struct netlink_callback *cb);
int ktftp_nl_budget_set(struct sk_buff *skb, struct genl_info *info);
int ktftp_nl_transfer_start(struct netlink_callback *cb);
int ktftp_nl_transfer_dump(struct sk_buff *skb, struct netlink_callback *cb);
int ktftp_nl_transfer_done(struct netlink_callback *cb);
int ktftp_nl_attach(struct sk_buff *skb, struct genl_info *info);
int ktftp_nl_start(struct sk_buff *skb, struct genl_info *info);

struct sk_buff *ktftp_nl_reply(struct genl_info *info, u8 command, void **header);
int ktftp_nl_send(struct genl_info *info, struct sk_buff *skb, void *header);
void *ktftp_nl_dump_item(struct sk_buff *skb, struct netlink_callback *cb, u8 command);
int ktftp_get_address(const struct nlattr *attribute, struct in6_addr *address, struct netlink_ext_ack *extack);
int ktftp_put_address(struct sk_buff *skb, int attribute, const struct in6_addr *address);

int ktftp_netlink_init(void);
void ktftp_netlink_exit(void);

#endif
