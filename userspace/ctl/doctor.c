// SPDX-License-Identifier: GPL-2.0
#include "ctl.h"
const char help_doctor[] =
	"  doctor             look for what is wrong, and say how to put it right; exit status 0 all\n"
	"                     is well, 1 there are warnings, 2 errors\n";
int cmd_doctor(struct ctl *ctl, struct words *words)
{
	return end_of_line(ctl, words);
}
