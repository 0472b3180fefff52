/* SPDX-License-Identifier: GPL-2.0 */
/* Pure: MAC addresses as people and phones write them. */
#ifndef KTFTPD_MAC_H
#define KTFTPD_MAC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAC_BYTES 6
#define MAC_TEXT  (3 * MAC_BYTES)

/* Twelve hexadecimal digits, alone or with ":", "-" or "." between pairs or fours; nothing around them. */
bool mac_parse(const char *text, uint8_t mac[MAC_BYTES]);
/* Does it stand anywhere in the text, in any writing? */
bool mac_is_in(const uint8_t mac[MAC_BYTES], const char *text, size_t bytes);
/* aa:bb:cc:dd:ee:ff */
const char *mac_format(const uint8_t mac[MAC_BYTES], char out[MAC_TEXT]);

#endif
