// SPDX-License-Identifier: GPL-2.0
/* ktftpctl doctor: looks, judges, tells. */
#include <stdlib.h>

#include "doctor.h"

const char help_doctor[] =
	"  doctor             look for what is wrong, and say how to put it right; exit status 0:\n"
	"                     all is well, 1: there are warnings, 2: errors\n";

static json_t *finding_json(const struct finding *finding)
{
	return json_pack("{s:s, s:s, s:o, s:o}", "check", finding->check, "level", level_name(finding->level), "text",
			 json_name(finding->text), "cure", *finding->cure ? json_name(finding->cure) : json_null());
}

static void print_findings_json(const struct findings *findings)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; i < findings->count; i++)
		json_array_append_new(array, finding_json(&findings->list[i]));
	print_json(array);
	json_decref(array);
}

static void print_findings(const struct findings *findings)
{
	const struct finding *finding;
	size_t i;

	for (i = 0; i < findings->count; i++) {
		finding = &findings->list[i];
		printf("%-8s %-12s %s\n", level_name(finding->level), finding->check, finding->text);
		if (*finding->cure)
			printf("%-8s %-12s => %s\n", "", "", finding->cure);
	}
}

static void look(struct ctl *ctl, struct facts *f)
{
	probe_daemon(ctl, f);
	probe_module(ctl, f);
	probe_network(ctl, f);
	probe_host(ctl, f);
}

int cmd_doctor(struct ctl *ctl, struct words *words)
{
	int status = end_of_line(ctl, words);
	struct findings *findings;
	struct facts *f;

	if (status)
		return status;
	findings = calloc(1, sizeof(*findings));
	f = calloc(1, sizeof(*f));
	if (!findings || !f)
		return failed(ctl, "out of memory");
	look(ctl, f);
	judge_all(f, findings);
	if (ctl->json)
		print_findings_json(findings);
	else
		print_findings(findings);
	status = findings_status(findings);
	json_decref(f->network.ruleset);
	free(findings);
	free(f);
	return status;
}
