// SPDX-License-Identifier: GPL-2.0
/*
 * What nobody should send: it is answered with an ERROR or not at all, leaves no state behind, disturbs no
 * download and makes no kernel complain (the rig looks for that).
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client.h"
#include "ktap.h"

#define SERVER                      "127.0.0.1"
#define PORT                        69
#define LENGTH                      5000 /* of the file */

/* What a string literal holds, without the NUL that C adds. */
#define TO_PORT(client, port, text) client_send(client, port, text, sizeof(text) - 1)
#define TO_LISTENER(client, text)   TO_PORT(client, PORT, text)

static const char *publish_pattern(size_t length)
{
	uint8_t *bytes = pattern(length);
	const char *why;

	EXPECT(bytes);
	why = publish_bytes("file", bytes, length);
	free(bytes);
	return why;
}

/* A server with "file", and a client. */
static const char *begin_at(struct client *client, const char *address, uint32_t flags)
{
	EXPECT_OK(fresh_namespace());
	EXPECT_OK(listen_on(address, flags));
	EXPECT_OK(publish_pattern(LENGTH));
	return client_open(client, address, PORT);
}

static const char *begin(struct client *client)
{
	return begin_at(client, SERVER, 0);
}

/* Transfers that nobody answered have gone by themselves. */
static const char *wait_for_idle(void)
{
	int tries;

	for (tries = 0; tries < 300 && transfers(); tries++)
		usleep(100000);
	EXPECT(transfers() == 0);
	EXPECT(stat_of(KTFTP_A_STATS_REQUESTS_IN_PROGRESS) == 0);
	return NULL;
}

/* After all that: no transfer is left, and a client that knows how is served. */
static const char *no_trace_is_left(const char *address)
{
	uint8_t *bytes = pattern(LENGTH);
	struct client client;
	const char *why;

	EXPECT_OK(wait_for_idle());
	EXPECT_OK(client_open(&client, address, PORT));
	EXPECT(bytes);
	why = client_download(&client, "file", bytes, LENGTH);
	free(bytes);
	client_close(&client);
	EXPECT_OK(why);
	EXPECT(transfers() == 0);
	return NULL;
}

static const char *end(struct client *client)
{
	EXPECT(client_hears_nothing(client, SILENCE_MS));
	client_close(client);
	return no_trace_is_left(SERVER);
}

/* Starts a download up to block 1, from @tid. */
static const char *start_download(struct client *client, uint16_t *tid)
{
	struct packet packet;

	EXPECT_OK(client_request(client, RRQ, "file", "octet"));
	EXPECT_OK(client_expect_data(client, &packet, 1));
	*tid = packet.from_port;
	return NULL;
}

/* Goes on to the end, checking every byte from block 2 on. */
static const char *finish_download(struct client *client, uint16_t tid)
{
	uint8_t *bytes = pattern(LENGTH);
	const char *why = NULL;
	struct packet packet;
	size_t block = 1;

	EXPECT(bytes);
	while (!why && block * 512 <= LENGTH) {
		why = client_ack(client, tid, block++);
		if (!why)
			why = client_expect_data(client, &packet, block);
		if (!why && memcmp(packet.bytes + 4, bytes + (block - 1) * 512, packet.length - 4))
			why = "the file arrived changed";
	}
	free(bytes);
	EXPECT_OK(why);
	EXPECT(packet.length == 4 + LENGTH % 512);
	return client_ack(client, tid, block);
}

static const char *datagrams_too_short_for_a_header_are_ignored(void)
{
	static const char request[] = "\0\1f";
	struct client client;
	size_t length;

	EXPECT_OK(begin(&client));
	for (length = 0; length < 4; length++)
		EXPECT_OK(client_send(&client, PORT, request, length));
	EXPECT(client_hears_nothing(&client, SILENCE_MS));
	EXPECT(stat_of(KTFTP_A_STATS_REQUESTS_MALFORMED) == 4);
	EXPECT(stat_of(KTFTP_A_STATS_ERRORS_SENT) == 0);
	return end(&client);
}

/* Opcodes that exist, and some that do not. */
static const uint16_t opcodes[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0x0100, 0x0400, 0xffff };

#define OPCODES (sizeof(opcodes) / sizeof(*opcodes))

/* An opcode with 2 bytes behind it, and with many. */
static const char *send_opcode(struct client *client, uint16_t port, uint16_t opcode)
{
	uint8_t packet[516] = { opcode >> 8, opcode };

	EXPECT_OK(client_send(client, port, packet, 4));
	memset(packet + 2, 'x', sizeof(packet) - 2);
	return client_send(client, port, packet, sizeof(packet));
}

static const char *at_the_listening_port_only_requests_are_answered(void)
{
	struct client client;
	size_t i;

	EXPECT_OK(begin(&client));
	for (i = 0; i < OPCODES; i++) {
		EXPECT_OK(send_opcode(&client, PORT, opcodes[i]));
		if (opcodes[i] != RRQ && opcodes[i] != WRQ)
			continue;
		EXPECT_OK(client_expect_error(&client, 4));
		EXPECT_OK(client_expect_error(&client, 4));
	}
	EXPECT(client_hears_nothing(&client, SILENCE_MS));
	EXPECT(stat_of(KTFTP_A_STATS_REQUESTS_MALFORMED) == 2 * OPCODES);
	EXPECT(stat_of(KTFTP_A_STATS_ERRORS_SENT) == 4);
	return end(&client);
}

static const char *at_a_port_for_transfers_only_acks_of_strangers_are_answered(void)
{
	struct client client, stranger;
	uint16_t tid;
	size_t i;

	EXPECT_OK(begin(&client));
	EXPECT_OK(start_download(&client, &tid));
	EXPECT_OK(client_open(&stranger, SERVER, PORT));
	for (i = 0; i < 4; i++)
		EXPECT_OK(client_send(&stranger, tid, "\0\4\0", i));
	for (i = 0; i < OPCODES; i++) {
		EXPECT_OK(send_opcode(&stranger, tid, opcodes[i]));
		if (opcodes[i] != ACK)
			continue;
		EXPECT_OK(client_expect_error(&stranger, 5));
		EXPECT_OK(client_expect_error(&stranger, 5));
	}
	EXPECT(client_hears_nothing(&stranger, SILENCE_MS));
	EXPECT(stat_of(KTFTP_A_STATS_UNKNOWN_TID) == 4 + 2 * OPCODES);
	client_close(&stranger);
	EXPECT_OK(finish_download(&client, tid));
	return end(&client);
}

static const char *what_a_client_sends_beside_acks_does_not_disturb_its_download(void)
{
	struct client client;
	uint16_t tid;
	size_t i;

	EXPECT_OK(begin(&client));
	EXPECT_OK(start_download(&client, &tid));
	for (i = 0; i < 4; i++)
		EXPECT_OK(client_send(&client, tid, "\0\5\0", i));
	for (i = 0; i < OPCODES; i++)
		if (opcodes[i] != ERROR)
			EXPECT_OK(send_opcode(&client, tid, opcodes[i]));
	EXPECT_OK(finish_download(&client, tid));
	EXPECT(reaches(KTFTP_A_STATS_ENDED_COMPLETE, 1));
	return end(&client);
}

static const char *requests_that_lack_a_part_get_error_4(void)
{
	struct client client;
	int lacking;

	EXPECT_OK(begin(&client));
	EXPECT_OK(TO_LISTENER(&client, "\0\1\0\0"));        /* name and mode */
	EXPECT_OK(TO_LISTENER(&client, "\0\1\0octet\0"));   /* name */
	EXPECT_OK(TO_LISTENER(&client, "\0\1file"));        /* NUL and mode */
	EXPECT_OK(TO_LISTENER(&client, "\0\1file\0"));      /* mode */
	EXPECT_OK(TO_LISTENER(&client, "\0\1file\0\0"));    /* mode, with its NUL there */
	EXPECT_OK(TO_LISTENER(&client, "\0\1file\0octet")); /* last NUL */
	EXPECT_OK(TO_LISTENER(&client, "\0\2\0octet\0"));
	EXPECT_OK(TO_LISTENER(&client, "\0\2file\0octet"));
	for (lacking = 0; lacking < 8; lacking++)
		EXPECT_OK(client_expect_error(&client, 4));
	EXPECT(stat_of(KTFTP_A_STATS_REQUESTS) == 0);
	EXPECT(stat_of(KTFTP_A_STATS_REQUESTS_MALFORMED) == 8);
	return end(&client);
}

/* A request of that length, with a name that fills it. */
static const char *send_long_request(struct client *client, size_t length)
{
	static const char mode[] = "\0octet";
	static uint8_t packet[65000];

	memset(packet, 'n', sizeof(packet));
	packet[0] = 0;
	packet[1] = RRQ;
	memcpy(packet + length - sizeof(mode), mode, sizeof(mode));
	return client_send(client, PORT, packet, length);
}

static const char *a_name_longer_than_any_is_not_found(void)
{
	struct client client;

	EXPECT_OK(begin(&client));
	EXPECT_OK(send_long_request(&client, 600));
	EXPECT_OK(client_expect_error(&client, 1));
	EXPECT_OK(send_long_request(&client, 1500));
	EXPECT_OK(client_expect_error(&client, 1));
	EXPECT(stat_of(KTFTP_A_STATS_REQUESTS_NOT_FOUND) == 2);
	return end(&client);
}

static const char *requests_longer_than_any_are_ignored(void)
{
	struct client client;

	EXPECT_OK(begin(&client));
	EXPECT_OK(send_long_request(&client, 1501));
	EXPECT_OK(send_long_request(&client, 9000));
	EXPECT_OK(send_long_request(&client, 65000));
	EXPECT(client_hears_nothing(&client, SILENCE_MS));
	EXPECT(stat_of(KTFTP_A_STATS_REQUESTS_MALFORMED) == 3);
	return end(&client);
}

static const char *set_loopback_mtu(int mtu)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_mtu = mtu };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	EXPECT(fd >= 0);
	EXPECT(!ioctl(fd, SIOCSIFMTU, &request));
	close(fd);
	return NULL;
}

/* Reassembled datagrams do not lie in one piece of memory. */
static const char *requests_and_acks_in_fragments_are_understood(void)
{
	struct client client;
	uint8_t packet[200];
	uint16_t tid;

	EXPECT_OK(begin(&client));
	EXPECT_OK(set_loopback_mtu(68));
	EXPECT_OK(send_long_request(&client, 600));
	EXPECT_OK(client_expect_error(&client, 1));
	EXPECT_OK(send_long_request(&client, 9000));
	EXPECT(client_hears_nothing(&client, SILENCE_MS));
	EXPECT_OK(start_download(&client, &tid));
	/* An ACK with much behind it: junk after the block number is tolerated, or the ACK is ignored. */
	memcpy(packet, "\0\4\0\1", 4);
	memset(packet + 4, 'x', sizeof(packet) - 4);
	EXPECT_OK(client_send(&client, tid, packet, sizeof(packet)));
	EXPECT_OK(finish_download(&client, tid));
	return end(&client);
}

static const char *names_with_control_characters_are_not_found(void)
{
	char name[] = "fi?le";
	struct client client;
	int byte;

	EXPECT_OK(begin(&client));
	for (byte = 1; byte < 256; byte++) {
		if (byte >= ' ' && byte < 0x7f)
			continue;
		name[2] = byte;
		EXPECT_OK(client_request(&client, RRQ, name, "octet"));
		EXPECT_OK(client_expect_error(&client, 1));
	}
	return end(&client);
}

static const char *names_of_separators_and_dots_alone_are_not_found(void)
{
	static const char *const names[] = {
		"/",    "\\",      "//\\\\//", ".",       "./",       "..",          "../..",      "C:",
		"C:\\", "/./.\\.", "file/..",  "../file", "..\\file", "dir/../file", "C:..\\file",
	};
	struct client client;
	size_t i;

	EXPECT_OK(begin(&client));
	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		EXPECT_OK(client_request(&client, RRQ, names[i], "octet"));
		EXPECT_OK(client_expect_error(&client, 1));
	}
	return end(&client);
}

static const char *datagrams_of_one_byte_repeated_are_ignored(void)
{
	static const uint8_t bytes[] = { 0x00, 0x20, 0x41, 0x7f, 0x80, 0xff };
	uint8_t packet[1500];
	struct client client;
	size_t i, length;

	EXPECT_OK(begin(&client));
	for (i = 0; i < sizeof(bytes); i++) {
		memset(packet, bytes[i], sizeof(packet));
		for (length = 1; length <= sizeof(packet); length += length / 2 + 1)
			EXPECT_OK(client_send(&client, PORT, packet, length));
	}
	return end(&client);
}

/* The options of a request that is otherwise sound; C adds the last NUL. */
#define REQUEST "\0\1file\0octet\0"

static const struct {
	const char *bytes;
	size_t length;
} junk[] = {
#define JUNK(text)                                     \
	{                                              \
		REQUEST text, sizeof(REQUEST text) - 1 \
	}
	JUNK(""),
	JUNK("\0"),
	JUNK("\0\0\0\0\0\0"),
	JUNK("\xff\xff\xff\xff"),
	JUNK("\xff"),
	JUNK("junk"),
	JUNK("junk\0"),
	JUNK("junk\0without end"),
	JUNK("\0name is empty\0"),
	JUNK("blksize"),
	JUNK("blksize\0"),
	JUNK("blksize\0\0"),
	JUNK("blksize\0"
	     "512 bytes please\0"),
	JUNK("blksize\0"
	     "abc\0"),
	JUNK("blksize\0-1\0"),
	JUNK("blksize\0"
	     "1024"),
	JUNK("tsize\0x\0"),
	JUNK("timeout\0\0"),
	JUNK("timeout\0"
	     "99999999999999999999999999\0"),
	JUNK("windowsize\0"
	     "0\0"),
	JUNK("windowsize\0-5\0"),
	JUNK("\x01\x02\x03\0\x04\0"),
	JUNK("multicast\0\0"),
};

/* Each gets DATA, as if no option had been sent, and its client goes away again. */
static const char *senseless_options_count_as_not_sent(void)
{
	struct packet packet;
	struct client client;
	size_t i;

	EXPECT_OK(begin(&client));
	for (i = 0; i < sizeof(junk) / sizeof(*junk); i++) {
		EXPECT_OK(client_send(&client, PORT, junk[i].bytes, junk[i].length));
		EXPECT_OK(client_expect_data(&client, &packet, 1));
		EXPECT(packet.length == 516);
		EXPECT_OK(client_error(&client, packet.from_port, 0));
	}
	return end(&client);
}

static const char *a_request_full_of_options_is_answered(void)
{
	uint8_t packet[1500] = REQUEST;
	struct client client;
	struct packet answer;
	size_t at;

	EXPECT_OK(begin(&client));
	for (at = sizeof(REQUEST) - 1; at + 4 <= sizeof(packet); at += 4)
		memcpy(packet + at, "o\0v", 4);
	EXPECT_OK(client_send(&client, PORT, packet, at));
	EXPECT_OK(client_expect_data(&client, &answer, 1));
	EXPECT_OK(client_error(&client, answer.from_port, 0));
	return end(&client);
}

static const char *segments_to_the_listening_port_are_ignored(void)
{
	struct client client;

	EXPECT_OK(begin(&client));
	EXPECT_OK(TO_LISTENER(&client, "\0\3\0\1data"));
	EXPECT_OK(client_ack(&client, PORT, 0));
	EXPECT_OK(client_ack(&client, PORT, 1));
	EXPECT_OK(client_error(&client, PORT, 0));
	EXPECT_OK(client_error(&client, PORT, 5));
	EXPECT_OK(TO_LISTENER(&client,
			      "\0\6blksize\0"
			      "1024\0"));
	EXPECT(client_hears_nothing(&client, SILENCE_MS));
	EXPECT(stat_of(KTFTP_A_STATS_ERRORS_SENT) == 0);
	return end(&client);
}

static const char *segments_to_a_single_port_without_a_transfer_leave_nothing(void)
{
	struct client client;

	EXPECT_OK(begin_at(&client, SERVER, KTFTP_LISTENER_FLAG_SINGLE_PORT));
	EXPECT_OK(TO_LISTENER(&client, "\0\3\0\1data"));
	EXPECT_OK(client_error(&client, PORT, 0));
	EXPECT_OK(TO_LISTENER(&client,
			      "\0\6blksize\0"
			      "1024\0"));
	EXPECT(client_hears_nothing(&client, SILENCE_MS));
	EXPECT_OK(client_ack(&client, PORT, 1));
	EXPECT_OK(client_expect_error(&client, 5));
	return end(&client);
}

/* An ERROR ends its download, however little of it there is, and is not answered. */
static const char *errors_without_text_or_nul_are_taken(void)
{
	static const char error[] = "\0\5\0\0text without end";
	static const size_t lengths[] = { 4, 5, sizeof(error) - 1 };
	struct client client;
	uint16_t tid;
	size_t i;

	EXPECT_OK(begin(&client));
	for (i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		EXPECT_OK(start_download(&client, &tid));
		EXPECT_OK(client_send(&client, tid, error, lengths[i]));
		EXPECT(client_hears_nothing(&client, SILENCE_MS));
		EXPECT(transfers() == 0);
	}
	EXPECT(stat_of(KTFTP_A_STATS_REQUESTS_ABORTED) == 3);
	return end(&client);
}

/* Where services answer whatever they get: from another address than the server's, which has port 69 itself. */
static const char *send_from(uint16_t own_port, const char *to, bool *answered)
{
	struct sockaddr_in own = { .sin_family = AF_INET, .sin_port = htons(own_port) };
	struct client client;
	int one = 1;

	inet_pton(AF_INET, "127.0.0.2", &own.sin_addr);
	EXPECT_OK(client_open(&client, to, PORT));
	client_close(&client);
	client.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	EXPECT(client.fd >= 0);
	EXPECT(!setsockopt(client.fd, SOL_SOCKET, SO_BROADCAST, &one, sizeof(one)));
	EXPECT(!bind(client.fd, (struct sockaddr *)&own, sizeof(own)));
	EXPECT_OK(client_request(&client, RRQ, "file", "octet"));
	EXPECT_OK(client_request(&client, RRQ, "missing", "octet"));
	EXPECT_OK(client_request(&client, WRQ, "file", "octet"));
	EXPECT_OK(TO_LISTENER(&client, "\0\1malformed"));
	*answered = !client_hears_nothing(&client, SILENCE_MS);
	client_close(&client);
	return NULL;
}

static const char *requests_from_ports_that_would_loop_are_ignored(void)
{
	static const uint16_t ports[] = { 7, 13, 17, 19, 37, 53, 69, 123 };
	struct client client;
	bool answered;
	size_t i;

	EXPECT_OK(begin(&client));
	for (i = 0; i < sizeof(ports) / sizeof(*ports); i++) {
		EXPECT_OK(send_from(ports[i], SERVER, &answered));
		EXPECT(!answered);
	}
	EXPECT(stat_of(KTFTP_A_STATS_REQUESTS_IGNORED) == 4 * sizeof(ports) / sizeof(*ports));
	/* It is the port that matters. */
	EXPECT_OK(send_from(1069, SERVER, &answered));
	EXPECT(answered);
	return end(&client);
}

static const char *requests_by_broadcast_are_ignored(void)
{
	struct client client;
	bool answered;

	EXPECT_OK(begin_at(&client, "0.0.0.0", 0));
	client_close(&client);
	EXPECT_OK(send_from(1069, "127.255.255.255", &answered));
	EXPECT(!answered);
	EXPECT(stat_of(KTFTP_A_STATS_REQUESTS_IGNORED) == 4);
	EXPECT(stat_of(KTFTP_A_STATS_REQUESTS) == 0);
	EXPECT_OK(send_from(1069, SERVER, &answered));
	EXPECT(answered);
	return no_trace_is_left(SERVER);
}

/* ---- at random, the same each time ---- */

/* Few packets a block, many blocks: a client that is long silent has its transfer ended, on a slow machine too. */
#define FUZZ_LENGTH  100000
#define FUZZ_BLOCKS  (FUZZ_LENGTH / 512 + 1)
#define FUZZ_PACKETS 3 /* from each of two clients to each of two ports, a block of a download */

static uint32_t random_state;

static uint32_t next_random(uint32_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state % below;
}

/* A packet that may be changed. */
struct mutant {
	uint8_t bytes[600];
	size_t length;
};

static const struct {
	const char *bytes;
	size_t length;
} valid[] = {
#define VALID(text)                    \
	{                              \
		text, sizeof(text) - 1 \
	}
	VALID("\0\1file\0octet\0"),
	VALID("\0\1missing\0octet\0"),
	VALID("\0\1file\0netascii\0"),
	VALID("\0\1file\0octet\0blksize\0"
	      "1428\0tsize\0"
	      "0\0windowsize\0"
	      "4\0timeout\0"
	      "3\0"),
	VALID("\0\1file\0octet\0utimeout\0"
	      "100000\0blksize2\0"
	      "512\0rollover\0"
	      "1\0"),
	VALID("\0\2file\0octet\0tsize\0"
	      "700\0"),
	VALID("\0\3\0\1some data"),
	VALID("\0\4\0\1"),
	VALID("\0\4\0\5"),
	VALID("\0\5\0\0gave up\0"),
	VALID("\0\6blksize\0"
	      "1428\0"),
};

static void choose_packet(struct mutant *m)
{
	size_t i = next_random(sizeof(valid) / sizeof(*valid));

	memcpy(m->bytes, valid[i].bytes, valid[i].length);
	m->length = valid[i].length;
}

static void change_byte(struct mutant *m)
{
	if (m->length)
		m->bytes[next_random(m->length)] = next_random(256);
}

static void flip_bit(struct mutant *m)
{
	if (m->length)
		m->bytes[next_random(m->length)] ^= 1 << next_random(8);
}

static void cut_short(struct mutant *m)
{
	m->length = next_random(m->length + 1);
}

static void add_junk(struct mutant *m)
{
	size_t more = next_random(sizeof(m->bytes) - m->length + 1);

	while (more--)
		m->bytes[m->length++] = next_random(256);
}

static void double_it(struct mutant *m)
{
	if (2 * m->length > sizeof(m->bytes))
		return;
	memcpy(m->bytes + m->length, m->bytes, m->length);
	m->length *= 2;
}

static void put_nul(struct mutant *m)
{
	if (m->length)
		m->bytes[next_random(m->length)] = 0;
}

static void mutate(struct mutant *m)
{
	static void (*const changes[])(struct mutant *) = {
		change_byte, flip_bit, cut_short, add_junk, double_it, put_nul,
	};
	uint32_t times = next_random(4);

	choose_packet(m);
	while (times--)
		changes[next_random(sizeof(changes) / sizeof(*changes))](m);
}

/* From the downloading client these mean something: an ERROR ends its download, the ACK it owes moves it. */
static bool has_meaning(const struct mutant *m)
{
	return m->length >= 4 && m->bytes[0] == 0 && (m->bytes[1] == ERROR || m->bytes[1] == ACK);
}

/* Reads what has come. Whatever was sent, answers are packets of TFTP. */
static const char *check_answers(struct client *client)
{
	struct packet packet;

	while (client_receive(client, &packet, 0))
		EXPECT(packet.opcode == DATA || packet.opcode == ERROR || packet.opcode == OACK);
	return NULL;
}

static const char *send_mutants(struct client *client, struct client *stranger, uint16_t tid)
{
	struct mutant m;
	int i;

	for (i = 0; i < FUZZ_PACKETS; i++) {
		mutate(&m);
		EXPECT_OK(client_send(stranger, PORT, m.bytes, m.length));
		mutate(&m);
		EXPECT_OK(client_send(stranger, tid, m.bytes, m.length));
		mutate(&m);
		if (tid != PORT && !has_meaning(&m))
			EXPECT_OK(client_send(client, tid, m.bytes, m.length));
	}
	return check_answers(stranger);
}

/* A download in lock-step that goes on while mutants come; the client's own repeat brings back a lost block. */
static const char *download_among_mutants(struct client *client, struct client *stranger)
{
	uint8_t *bytes = pattern(FUZZ_LENGTH);
	const char *why = NULL;
	struct packet packet;
	size_t block = 0;
	uint16_t tid;

	EXPECT(bytes);
	why = start_download(client, &tid);
	/* An ACK comes first: the module does not wait long for a client that has sent none. */
	for (block = 1; !why && block < FUZZ_BLOCKS; block++) {
		why = client_ack(client, tid, block);
		if (!why)
			why = client_expect_data(client, &packet, block + 1);
		if (!why && memcmp(packet.bytes + 4, bytes + block * 512, packet.length - 4))
			why = "the file arrived changed";
		if (!why)
			why = send_mutants(client, stranger, tid);
	}
	free(bytes);
	EXPECT_OK(why);
	EXPECT(packet.length == 4 + FUZZ_LENGTH % 512);
	return client_ack(client, tid, block);
}

static const char *fuzz(const char *address, uint32_t flags)
{
	unsigned int give_up_ms = get_param("give_up_ms"), retries = get_param("unproven_retries");
	unsigned int linger_ms = get_param("linger_ms"), rto_min_ms = get_param("rto_min_ms");
	struct client client, stranger;

	/* From a single port, who needs a repeat of each block and more is taken for somebody who makes up ACKs. */
	EXPECT_OK(set_param("rto_min_ms", 200));
	random_state = 20241124;
	EXPECT_OK(begin_at(&client, address, flags));
	EXPECT_OK(publish_pattern(FUZZ_LENGTH));
	EXPECT_OK(client_open(&stranger, address, PORT));
	EXPECT_OK(download_among_mutants(&client, &stranger));
	/* What the stranger began ends sooner. */
	EXPECT_OK(set_param("give_up_ms", 1000));
	EXPECT_OK(set_param("linger_ms", 1000));
	EXPECT_OK(set_param("unproven_retries", 0));
	EXPECT_OK(wait_for_idle());
	EXPECT_OK(set_param("give_up_ms", give_up_ms));
	EXPECT_OK(set_param("linger_ms", linger_ms));
	EXPECT_OK(set_param("rto_min_ms", rto_min_ms));
	EXPECT_OK(set_param("unproven_retries", retries));
	EXPECT(stat_of(KTFTP_A_STATS_ENDED_COMPLETE) >= 1);
	client_close(&stranger);
	client_close(&client);
	EXPECT_OK(publish_pattern(LENGTH));
	return no_trace_is_left(address);
}

static const char *a_download_survives_random_packets_over_ipv4(void)
{
	return fuzz(SERVER, 0);
}

static const char *a_download_survives_random_packets_over_ipv6(void)
{
	return fuzz("::1", 0);
}

static const char *a_download_survives_random_packets_at_a_single_port(void)
{
	return fuzz(SERVER, KTFTP_LISTENER_FLAG_SINGLE_PORT);
}

int main(int argc, char **argv)
{
	static const struct ktap_test tests[] = {
		TEST(datagrams_too_short_for_a_header_are_ignored),
		TEST(at_the_listening_port_only_requests_are_answered),
		TEST(at_a_port_for_transfers_only_acks_of_strangers_are_answered),
		TEST(what_a_client_sends_beside_acks_does_not_disturb_its_download),
		TEST(requests_that_lack_a_part_get_error_4),
		TEST(a_name_longer_than_any_is_not_found),
		TEST(requests_longer_than_any_are_ignored),
		TEST(requests_and_acks_in_fragments_are_understood),
		TEST(names_with_control_characters_are_not_found),
		TEST(names_of_separators_and_dots_alone_are_not_found),
		TEST(datagrams_of_one_byte_repeated_are_ignored),
		TEST(senseless_options_count_as_not_sent),
		TEST(a_request_full_of_options_is_answered),
		TEST(segments_to_the_listening_port_are_ignored),
		TEST(segments_to_a_single_port_without_a_transfer_leave_nothing),
		TEST(errors_without_text_or_nul_are_taken),
		TEST(requests_from_ports_that_would_loop_are_ignored),
		TEST(requests_by_broadcast_are_ignored),
		TEST(a_download_survives_random_packets_over_ipv4),
		TEST(a_download_survives_random_packets_over_ipv6),
		TEST(a_download_survives_random_packets_at_a_single_port),
	};

	return ktap_run(tests, sizeof(tests) / sizeof(*tests), argc > 1 ? argv[1] : NULL);
}
