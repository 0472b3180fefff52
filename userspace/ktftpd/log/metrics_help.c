// SPDX-License-Identifier: GPL-2.0
/* What the counters of the statistics mean, for metrics; ktftp(7) says more of each. */
#include "metrics_text.h"

static const char *const help[KTFTP_A_STATS_MAX + 1] = {
	[KTFTP_A_STATS_REQUESTS] = "Read requests in mode octet, repeats included.",
	[KTFTP_A_STATS_REQUESTS_PROCESSED] = "Downloads that ended complete or assumed complete.",
	[KTFTP_A_STATS_REQUESTS_ABORTED] = "Downloads that ended any other way.",
	[KTFTP_A_STATS_REQUESTS_NOT_FOUND] = "Requests for a name that is not published.",
	[KTFTP_A_STATS_REQUESTS_OVERFLOW] = "Requests not served because of max_transfers or max_unproven.",
	[KTFTP_A_STATS_REQUESTS_IN_PROGRESS] = "Downloads that have not ended.",
	[KTFTP_A_STATS_REQUESTS_REPEATED] = "Repeats of a request whose download was under way.",
	[KTFTP_A_STATS_REQUESTS_MALFORMED] = "Datagrams to a listening port that are no well-formed request.",
	[KTFTP_A_STATS_REQUESTS_IGNORED] = "Requests met with silence: broadcast, a port that would loop, draining.",
	[KTFTP_A_STATS_WRITES_REFUSED] = "Write requests.",
	[KTFTP_A_STATS_MODES_REFUSED] = "Read requests in another mode than octet.",
	[KTFTP_A_STATS_SEGMENTS_SENT] = "DATA packets that the network stack took, repeats included.",
	[KTFTP_A_STATS_SEGMENTS_REPEATED] = "DATA packets that were repeats.",
	[KTFTP_A_STATS_SEGMENTS_ACKNOWLEDGED] = "Acknowledgements that moved a download on.",
	[KTFTP_A_STATS_BYTES_SENT] = "Payload of DATA packets that were sent, repeats included.",
	[KTFTP_A_STATS_ACKS_DUPLICATE] = "Acknowledgements of the block before.",
	[KTFTP_A_STATS_ACKS_STALE] = "Acknowledgements of any other block.",
	[KTFTP_A_STATS_UNKNOWN_TID] = "Packets to a port for downloads that belong to none.",
	[KTFTP_A_STATS_ERRORS_SENT] = "ERROR packets that were sent.",
	[KTFTP_A_STATS_ERRORS_RECEIVED] = "ERROR packets from clients.",
	[KTFTP_A_STATS_ENDED_COMPLETE] = "Downloads whose last block was acknowledged.",
	[KTFTP_A_STATS_ENDED_ASSUMED] = "Downloads of which all was sent, and the last acknowledgement never came.",
	[KTFTP_A_STATS_ENDED_TIMED_OUT] = "Downloads whose client fell silent.",
	[KTFTP_A_STATS_ENDED_UNPROVEN] = "Downloads whose client never answered the first packet.",
	[KTFTP_A_STATS_SEND_FAILED] = "Packets that never left, for lack of memory, a route or room in a queue.",
	[KTFTP_A_STATS_NO_MEMORY] = "Requests dropped for lack of memory.",
	[KTFTP_A_STATS_OACKS_SENT] = "Answers that grant options, repeats included.",
	[KTFTP_A_STATS_SEGMENTS_SPURIOUS] = "Repeats that were needless: the client had answered, only late.",
	[KTFTP_A_STATS_ENDED_UNREACHABLE] = "Downloads whose client's host said that nobody is at that port.",
	[KTFTP_A_STATS_REQUESTS_HANDED_OVER] = "Requests that the module gave to the daemon.",
	[KTFTP_A_STATS_REQUESTS_LOST] = "Requests that the daemon should have had, and did not get.",
	[KTFTP_A_STATS_REQUESTS_ORPHANED] = "Requests not answered because the daemon was gone.",
	[KTFTP_A_STATS_UNREACHABLES_RECEIVED] = "ICMP port-unreachables that quote something sent from a port of ours.",
	[KTFTP_A_STATS_FOUND_SEP] = "Requests for a published name that begins with SEP.",
	[KTFTP_A_STATS_NOT_FOUND_SEP] = "Requests for a name that begins with SEP and is not published.",
	[KTFTP_A_STATS_FOUND_SIP] = "Requests for a published name that begins with SIP.",
	[KTFTP_A_STATS_NOT_FOUND_SIP] = "Requests for a name that begins with SIP and is not published.",
	[KTFTP_A_STATS_FOUND_GK] = "Requests for a published name that begins with GK.",
	[KTFTP_A_STATS_NOT_FOUND_GK] = "Requests for a name that begins with GK and is not published.",
	[KTFTP_A_STATS_FOUND_LD] = "Requests for a published name that begins with LD.",
	[KTFTP_A_STATS_NOT_FOUND_LD] = "Requests for a name that begins with LD and is not published.",
	[KTFTP_A_STATS_REQUESTS_CLIENT_OVERFLOW] = "Requests not served because of max_transfers_per_client.",
	[KTFTP_A_STATS_ACKS_GAP] = "Acknowledgements of a part of a window.",
};

const char *metrics_stats_help(unsigned int counter)
{
	return counter <= KTFTP_A_STATS_MAX ? help[counter] : NULL;
}
