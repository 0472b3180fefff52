// SPDX-License-Identifier: GPL-2.0
/*
 * A socket on this host that takes what it gets for ESP in UDP asks for a file. DATA of block 1 begins with 00 03
 * 00 01, which is the number of a security association (SPI) just as well: where there is one, the kernel decrypts
 * the packet, in place if nobody else sees its pages. These are the file's: it must keep every byte.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/udp.h>
#include <linux/xfrm.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client.h"
#include "ktap.h"

#define PORT         69
#define TID          61000 /* the only one, so that a client that hears nothing knows it */
#define ESP_HEADER   8     /* of which DATA's header is the first half */
#define AES_BLOCK    16
#define SHORT_LENGTH 500 /* with DATA's header, less ESP's and an initial value: whole blocks of AES */
#define LONG_LENGTH  30000
#define LONG_BLOCKS  4 /* of 8000 bytes, each over several pages */

static const char *const addresses[] = { "127.0.0.1", "::1" };

static struct nl_sock *xfrm;

/* What a security association decrypts with; the keys are all zeros. */
enum cipher {
	CHECKED,   /* AES-GCM: garbage is decrypted first, and then found out */
	UNCHECKED, /* AES-CBC, no integrity: whatever comes is decrypted */
};

static const char *open_xfrm(void)
{
	nl_socket_free(xfrm);
	xfrm = nl_socket_alloc();
	EXPECT(xfrm);
	EXPECT(!nl_connect(xfrm, NETLINK_XFRM));
	nl_socket_disable_auto_ack(xfrm);
	return NULL;
}

static uint16_t put_address(xfrm_address_t *to, const char *address)
{
	uint16_t family = strchr(address, ':') ? AF_INET6 : AF_INET;

	inet_pton(family, address, to);
	return family;
}

static uint32_t spi_of(uint16_t block)
{
	return htonl(DATA << 16 | block);
}

static void put_cipher(struct nl_msg *msg, enum cipher cipher)
{
	struct {
		struct xfrm_algo_aead head;
		uint8_t key[20];
	} checked = { .head = { "rfc4106(gcm(aes))", 160, 128 } };
	struct {
		struct xfrm_algo head;
		uint8_t key[AES_BLOCK];
	} unchecked = { .head = { "cbc(aes)", 128 } };

	if (cipher == CHECKED)
		nla_put(msg, XFRMA_ALG_AEAD, sizeof(checked), &checked);
	else
		nla_put(msg, XFRMA_ALG_CRYPT, sizeof(unchecked), &unchecked);
}

static int send_and_free(struct nl_msg *msg)
{
	int err = nl_send_auto(xfrm, msg);

	nlmsg_free(msg);
	return err < 0 ? err : 0;
}

/* A security association that a DATA packet with that block, to that address, seems to belong to. */
static const char *add_association(const char *address, uint16_t block, enum cipher cipher)
{
	struct xfrm_encap_tmpl encap = { .encap_type = UDP_ENCAP_ESPINUDP };
	struct xfrm_usersa_info info = {
		.id = { .spi = spi_of(block), .proto = IPPROTO_ESP },
		.lft = { XFRM_INF, XFRM_INF, XFRM_INF, XFRM_INF },
		.mode = XFRM_MODE_TRANSPORT,
	};
	struct nl_msg *msg = nlmsg_alloc_simple(XFRM_MSG_NEWSA, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK);
	int err;

	EXPECT(msg);
	info.family = put_address(&info.id.daddr, address);
	put_address(&info.saddr, address);
	nlmsg_append(msg, &info, sizeof(info), NLMSG_ALIGNTO);
	put_cipher(msg, cipher);
	nla_put(msg, XFRMA_ENCAP, sizeof(encap), &encap);
	EXPECT(!send_and_free(msg));
	err = nl_wait_for_ack(xfrm);
	if (err)
		printf("# security association: %s\n", nl_geterror(err));
	EXPECT(!err);
	return NULL;
}

static int take_info(struct nl_msg *msg, void *context)
{
	struct xfrm_usersa_info *info = context;

	*info = *(struct xfrm_usersa_info *)nlmsg_data(nlmsg_hdr(msg));
	return NL_OK;
}

/* How many packets came to a security association's decryption, by what became of them. */
static const char *ask_association(const char *address, uint16_t block, uint64_t *decrypted, uint64_t *failed)
{
	struct xfrm_usersa_id id = { .spi = spi_of(block), .proto = IPPROTO_ESP };
	struct xfrm_usersa_info info = { 0 };
	struct nl_msg *msg = nlmsg_alloc_simple(XFRM_MSG_GETSA, 0);

	EXPECT(msg);
	id.family = put_address(&id.daddr, address);
	nlmsg_append(msg, &id, sizeof(id), NLMSG_ALIGNTO);
	EXPECT(nl_socket_modify_cb(xfrm, NL_CB_VALID, NL_CB_CUSTOM, take_info, &info) == 0);
	EXPECT(!send_and_free(msg));
	EXPECT(!nl_recvmsgs_default(xfrm));
	EXPECT(info.id.spi == id.spi);
	*decrypted = info.curlft.packets;
	*failed = info.stats.integrity_failed;
	return NULL;
}

/* Waits until a block was decrypted, or something was made of it at least. */
static const char *wait_for_decryption(const char *address, uint16_t block, enum cipher cipher)
{
	uint64_t decrypted = 0, failed = 0;
	int tries;

	for (tries = 0; tries < WAIT_MS / 10 && !decrypted && !failed; tries++) {
		EXPECT_OK(ask_association(address, block, &decrypted, &failed));
		usleep(10000);
	}
	EXPECT(cipher == CHECKED ? failed : decrypted);
	return NULL;
}

static const char *listen_at(const char *address)
{
	struct ktftp_listener listener = { .tid_first = TID, .tid_last = TID };

	listener.address.length = strchr(address, ':') ? 16 : 4;
	EXPECT(inet_pton(strchr(address, ':') ? AF_INET6 : AF_INET, address, listener.address.bytes) == 1);
	EXPECT(!ktftp_listener_add(k, &listener));
	return NULL;
}

/* A client that hands what it gets to ESP, and hears nothing of it. */
static const char *open_deaf_client(struct client *client, const char *address)
{
	const int type = UDP_ENCAP_ESPINUDP;

	EXPECT_OK(client_open(client, address, PORT));
	EXPECT(!setsockopt(client->fd, IPPROTO_UDP, UDP_ENCAP, &type, sizeof(type)));
	return NULL;
}

/* A file to publish as @kind; nobody has it open for writing. */
static int open_file(const uint8_t *bytes, size_t length, enum ktftp_kind kind)
{
	char path[] = "/run/ktftp-test.XXXXXX";
	int fd, file;

	if (kind == KTFTP_KIND_SEALED)
		return sealed_memfd(bytes, length);
	fd = mkstemp(path);
	if (fd < 0)
		return -1;
	file = open(path, O_RDONLY | O_CLOEXEC);
	unlink(path);
	if (write(fd, bytes, length) != (ssize_t)length) {
		close(file);
		file = -1;
	}
	close(fd);
	return file;
}

static const char *file_holds(int file, const uint8_t *bytes, size_t length)
{
	uint8_t *now = malloc(length);
	int differs;

	EXPECT(now);
	differs = pread(file, now, length, 0) != (ssize_t)length || memcmp(now, bytes, length);
	free(now);
	EXPECT(!differs);
	return NULL;
}

/* What the file holds, and what another client gets. */
static const char *nothing_has_changed(const char *address, int file, const uint8_t *bytes, size_t length)
{
	struct client client;
	const char *why;

	EXPECT_OK(file_holds(file, bytes, length));
	EXPECT_OK(client_open(&client, address, PORT));
	why = client_download(&client, "file", bytes, length);
	client_close(&client);
	return why;
}

static const char *serve(const char *address, int file, enum ktftp_kind kind)
{
	struct ktftp_entry entry;

	EXPECT_OK(fresh_namespace());
	EXPECT_OK(open_xfrm());
	EXPECT_OK(listen_at(address));
	EXPECT(file >= 0);
	EXPECT(!ktftp_publish_fd(k, &(struct ktftp_properties){ .name = "file" }, file, kind, &entry));
	EXPECT(entry.kind == kind);
	return NULL;
}

static const char *decrypt_first_block(const char *address, enum cipher cipher)
{
	struct client client;

	EXPECT_OK(add_association(address, 1, cipher));
	EXPECT_OK(open_deaf_client(&client, address));
	EXPECT_OK(client_request(&client, RRQ, "file", "octet"));
	EXPECT_OK(wait_for_decryption(address, 1, cipher));
	EXPECT(client_hears_nothing(&client, 0));
	client_close(&client);
	return NULL;
}

/* A file of one short block, held in every way and asked for over both families. */
static const char *a_short_file_keeps_its_bytes(const uint8_t *bytes, enum cipher cipher)
{
	static const enum ktftp_kind kinds[] = { KTFTP_KIND_PINNED, KTFTP_KIND_SEALED, KTFTP_KIND_COPIED };
	size_t i;
	int file;

	for (i = 0; i < 2 * 3; i++) {
		file = open_file(bytes, SHORT_LENGTH, kinds[i % 3]);
		EXPECT_OK(serve(addresses[i / 3], file, kinds[i % 3]));
		EXPECT_OK(decrypt_first_block(addresses[i / 3], cipher));
		EXPECT_OK(nothing_has_changed(addresses[i / 3], file, bytes, SHORT_LENGTH));
		close(file);
	}
	return NULL;
}

static const char *a_file_that_fails_as_esp_keeps_its_bytes(void)
{
	uint8_t *bytes = pattern(SHORT_LENGTH);
	const char *why;

	EXPECT(bytes);
	why = a_short_file_keeps_its_bytes(bytes, CHECKED);
	free(bytes);
	return why;
}

/*
 * The end of the last two blocks of AES makes it a well-formed packet: a block of zeros decrypts to this by a key
 * of zeros, and then the block before is added to it; no padding and the next header are to come out.
 */
static void make_well_formed(uint8_t *bytes)
{
	static const uint8_t decrypted[AES_BLOCK] = { 0x14, 0x0f, 0x0f, 0x10, 0x11, 0xb5, 0x22, 0x3d,
						      0x79, 0x58, 0x77, 0x17, 0xff, 0xd9, 0xec, 0x3a };
	uint8_t *last = bytes + SHORT_LENGTH - AES_BLOCK;

	memset(last, 0, AES_BLOCK);
	memcpy(last - AES_BLOCK, decrypted, AES_BLOCK);
	last[-1] ^= IPPROTO_UDP;
}

static const char *a_file_that_is_good_esp_keeps_its_bytes(void)
{
	uint8_t *bytes = pattern(SHORT_LENGTH);
	const char *why;

	EXPECT(bytes);
	make_well_formed(bytes);
	why = a_short_file_keeps_its_bytes(bytes, UNCHECKED);
	free(bytes);
	return why;
}

static const char *wait_for_oack(void)
{
	int tries;

	for (tries = 0; tries < WAIT_MS / 10 && !stat_of(KTFTP_A_STATS_OACKS_SENT); tries++)
		usleep(10000);
	EXPECT(stat_of(KTFTP_A_STATS_OACKS_SENT));
	return NULL;
}

/* It acknowledges what it does not hear: what is granted, and then each block. */
static const char *decrypt_large_blocks(const char *address)
{
	static const char request[] = "\0\1file\0octet\0blksize\0008000\0windowsize\0004";
	struct client client;
	uint16_t block;

	for (block = 1; block <= LONG_BLOCKS; block++)
		EXPECT_OK(add_association(address, block, CHECKED));
	EXPECT_OK(open_deaf_client(&client, address));
	EXPECT_OK(client_send(&client, PORT, request, sizeof(request)));
	EXPECT_OK(wait_for_oack());
	for (block = 1; block <= LONG_BLOCKS; block++) {
		EXPECT_OK(client_ack(&client, TID, block - 1));
		EXPECT_OK(wait_for_decryption(address, block, CHECKED));
	}
	EXPECT_OK(client_ack(&client, TID, LONG_BLOCKS));
	EXPECT(client_hears_nothing(&client, 0));
	client_close(&client);
	return NULL;
}

static const char *a_file_in_large_blocks_keeps_its_bytes(void)
{
	uint8_t *bytes = pattern(LONG_LENGTH);
	size_t i;
	int file;

	EXPECT(bytes);
	for (i = 0; i < 2; i++) {
		file = open_file(bytes, LONG_LENGTH, KTFTP_KIND_PINNED);
		EXPECT_OK(serve(addresses[i], file, KTFTP_KIND_PINNED));
		EXPECT_OK(decrypt_large_blocks(addresses[i]));
		EXPECT_OK(nothing_has_changed(addresses[i], file, bytes, LONG_LENGTH));
		close(file);
	}
	free(bytes);
	return NULL;
}

int main(int argc, char **argv)
{
	static const struct ktap_test tests[] = {
		TEST(a_file_that_fails_as_esp_keeps_its_bytes),
		TEST(a_file_that_is_good_esp_keeps_its_bytes),
		TEST(a_file_in_large_blocks_keeps_its_bytes),
	};

	return ktap_run(tests, sizeof(tests) / sizeof(tests[0]), argc > 1 ? argv[1] : NULL);
}
