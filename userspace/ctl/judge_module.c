// SPDX-License-Identifier: GPL-2.0
/* Judging the kernel module: is it there, which one, may it be loaded. */
#include <string.h>

#include "doctor.h"

#define RELOAD "systemctl stop ktftpd && rmmod ktftp && modprobe ktftp && systemctl start ktftpd"

static bool is_wanted(const struct facts *f)
{
	return f->daemon.running != YES || strcmp(f->daemon.wanted, "user") != 0;
}

/* Without it the daemon serves, if there is one that does. */
static enum level level_without(const struct facts *f)
{
	return f->daemon.running == YES && !f->daemon.uses_module ? LEVEL_WARNING : LEVEL_ERROR;
}

static void judge_missing_file(const struct facts *f, struct findings *out)
{
	const struct module_facts *m = &f->module;
	char cure[TEXT_ROOM];

	if (m->in_dkms == YES)
		snprintf(cure, sizeof(cure), "dkms install ktftp/%s -k %s (it needs linux-headers-%s)", m->dkms_version,
			 m->kernel, m->kernel);
	else
		snprintf(cure, sizeof(cure), "apt install ktftp-dkms linux-headers-%s", m->kernel);
	found(out, level_without(f), cure, "the module ktftp is not built for the running kernel %s", m->kernel);
}

void judge_module(const struct facts *f, struct findings *out)
{
	const struct module_facts *m = &f->module;

	if (m->loaded == YES)
		found(out, LEVEL_OK, NULL, "ktftp %s is loaded", m->version);
	else if (!is_wanted(f))
		found(out, LEVEL_OK, NULL, "the configuration says engine = user: it is not needed");
	else if (m->has_file == NO)
		judge_missing_file(f, out);
	else if (m->has_file == YES)
		found(out, level_without(f), "systemctl restart ktftpd, or modprobe ktftp", "ktftp is not loaded");
	else
		found(out, LEVEL_UNKNOWN, "run it on the host",
		      "ktftp is not loaded, and modinfo cannot tell whether it could be");
}

static bool differ(const char *a, const char *b)
{
	return *a && *b && strcmp(a, b);
}

void judge_versions(const struct facts *f, struct findings *out)
{
	const char *loaded = f->module.loaded == YES ? f->module.version : "";
	const size_t before = out->count;

	if (differ(loaded, f->module.file_version))
		found(out, LEVEL_WARNING, RELOAD, "the loaded module is %s, the one on disk is %s", loaded,
		      f->module.file_version);
	else if (differ(loaded, KTFTP_VERSION))
		found(out, LEVEL_WARNING, "install the same version of both; then " RELOAD,
		      "the module is %s, ktftpctl is %s", loaded, KTFTP_VERSION);
	if (f->daemon.running == YES && differ(f->daemon.version, KTFTP_VERSION))
		found(out, LEVEL_WARNING, "systemctl restart ktftpd", "ktftpd is %s, ktftpctl is %s", f->daemon.version,
		      KTFTP_VERSION);
	if (out->count == before)
		found(out, LEVEL_OK, NULL, "ktftpctl%s%s %s", f->daemon.running == YES ? ", ktftpd" : "",
		      *loaded ? ", module" : "", KTFTP_VERSION);
}

/* Only where unsigned modules are refused does it matter. */
static void judge_signature(const struct facts *f, struct findings *out)
{
	const struct module_facts *m = &f->module;
	char cure[TEXT_ROOM];

	snprintf(cure, sizeof(cure), "mokutil --import %s, and enrol it at the next boot",
		 *m->key_path ? m->key_path : "/var/lib/dkms/mok.pub");
	if (m->loaded == YES)
		found(out, LEVEL_OK, NULL, "modules must be signed, and ktftp is loaded");
	else if (m->has_file != YES)
		found(out, LEVEL_UNKNOWN, NULL, "modules must be signed; there is none to be looked at");
	else if (!*m->signer)
		found(out, LEVEL_ERROR,
		      "let DKMS sign it: dkms install --force ktftp/VERSION, then enrol its key (mokutil)",
		      "modules must be signed, and ktftp is not");
	else if (m->key_enrolled == NO)
		found(out, LEVEL_ERROR, cure, "ktftp is signed by '%s', and DKMS' key is not enrolled", m->signer);
	else if (m->key_enrolled == YES)
		found(out, LEVEL_OK, NULL, "modules must be signed; ktftp is, and DKMS' key is enrolled");
	else
		found(out, LEVEL_UNKNOWN, cure, "ktftp is signed by '%s'; whether that key is enrolled cannot be seen",
		      m->signer);
}

void judge_secure_boot(const struct facts *f, struct findings *out)
{
	const struct module_facts *m = &f->module;

	if (m->secure_boot == YES || m->enforced == YES)
		judge_signature(f, out);
	else if (m->secure_boot == NO)
		found(out, LEVEL_OK, NULL, "off: unsigned modules may be loaded");
	else
		found(out, LEVEL_UNKNOWN, NULL, "whether Secure Boot is on cannot be seen");
}

void judge_guard(const struct facts *f, struct findings *out)
{
	const struct module_facts *m = &f->module;

	if (m->guard_tripped == YES)
		found(out, LEVEL_ERROR,
		      "look for the reason in the log of that boot; then ktftpctl guard clear, systemctl restart "
		      "ktftpd",
		      "the machine went down while the module was in use (%s): ktftpd leaves it alone", m->guard_path);
	else if (m->guard_tripped == NO)
		found(out, LEVEL_OK, NULL, "no boot ended badly with the module in use");
	else
		found(out, LEVEL_UNKNOWN, "run it as root", "cannot look at %s", m->guard_path);
}
