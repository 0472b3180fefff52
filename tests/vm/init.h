/* SPDX-License-Identifier: GPL-2.0 */
/* What the guest's init is made of. Everything fails loudly by fail(), which ends the guest. */
#ifndef KTFTP_VM_INIT_H
#define KTFTP_VM_INIT_H

#include <stdbool.h>

/* init.c: the root file system, settings of the rig */
void fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
void finish(void) __attribute__((noreturn));
const char *setting(const char *name);
char **setting_list(const char *name, char *first, char *second);

/* script.c: the channels to the rig, the script */
void open_channels(void);
void tell_rig(const char *format, ...) __attribute__((format(printf, 1, 2)));
void tell_stderr(const char *text);
void tell_end(int status);
int run_script(void);

/* network.c */
void bring_up_network(void);

/* kernel.c: what the kernel has to say */
void quiet_kernel(void);
bool kernel_complained(void);

#endif
