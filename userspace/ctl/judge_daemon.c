// SPDX-License-Identifier: GPL-2.0
/* Judging the daemon and its folders. */
#include <string.h>

#include "doctor.h"

static bool module_serves(const struct facts *f)
{
	return f->module.loaded == YES && f->network.listener_count;
}

static void judge_absent(const struct facts *f, struct findings *out)
{
	if (module_serves(f))
		found(out, LEVEL_WARNING, "systemctl start ktftpd",
		      "ktftpd does not run: what the module holds is served, and nothing else is");
	else
		found(out, LEVEL_ERROR, "systemctl start ktftpd; journalctl -u ktftpd says why it ended",
		      "ktftpd does not run, and nothing is served");
}

/* In user space although the module could be had. */
static void judge_engine(const struct facts *f, struct findings *out)
{
	const struct daemon_facts *d = &f->daemon;
	const bool could = f->module.loaded == YES || f->module.has_file == YES;

	if (*d->alarm)
		found(out, LEVEL_WARNING, "ktftpctl status; systemctl restart ktftpd when it is put right", "%s",
		      d->alarm);
	else if (!d->uses_module && strcmp(d->wanted, "user") && could)
		found(out, LEVEL_WARNING, "systemctl restart ktftpd",
		      "ktftpd serves in user space, and the module is there");
	if (d->uses_module && !d->attached)
		found(out, LEVEL_ERROR, "stop the other daemon; systemctl restart ktftpd",
		      "ktftpd is not attached to the module: what the module lacks is not served");
}

void judge_daemon(const struct facts *f, struct findings *out)
{
	const struct daemon_facts *d = &f->daemon;
	const size_t before = out->count;

	if (d->running == NO) {
		judge_absent(f, out);
		return;
	}
	if (d->running == NOT_KNOWN) {
		found(out, LEVEL_UNKNOWN, "run it as root", "%s", d->why);
		return;
	}
	if (d->here == NO)
		found(out, LEVEL_WARNING, "run it there: see ktftpctl status",
		      "ktftpd serves another network namespace");
	judge_engine(f, out);
	if (d->draining)
		found(out, LEVEL_WARNING, "ktftpctl undrain", "new requests are met with silence");
	if (out->count == before)
		found(out, LEVEL_OK, NULL, "ktftpd runs (pid %ld) and serves %s", d->pid,
		      d->uses_module ? "by the module" : "in user space");
}

void judge_folders(const struct facts *f, struct findings *out)
{
	const struct daemon_facts *d = &f->daemon;

	if (d->running != YES || !d->has_folder)
		found(out, LEVEL_UNKNOWN, NULL, "without ktftpd nothing is known of them");
	else if (*d->problem)
		found(out, LEVEL_ERROR, "put it right; ktftpd goes on by itself (journalctl -u ktftpd)", "%s",
		      d->problem);
	else if (!d->scanned)
		found(out, LEVEL_WARNING, "wait: ktftpctl status says how far it is",
		      "not everything was looked at yet: names that are not known are met with silence");
	else
		found(out, LEVEL_OK, NULL, "everything was looked at");
}
