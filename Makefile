# SPDX-License-Identifier: GPL-2.0
# make            module for 6.1 and 6.12, user space, man pages
# make help       what else there is

SHELL := /bin/bash
VERSION := $(shell cat VERSION)
B := build
KERNELS := 6.1 6.12
SPEC := docs/netlink/ktftp.yaml

CFLAGS ?= -O2 -g
WARNINGS := -Wall -Wextra -Werror
CPPFLAGS_ALL = -D_GNU_SOURCE -DKTFTP_VERSION=\"$(VERSION)\" -I$(B)/include -Iuserspace/lib
CFLAGS_ALL = -std=gnu11 $(CFLAGS) $(WARNINGS)
NL_CFLAGS := $(shell pkg-config --cflags libnl-genl-3.0 2>/dev/null)
NL_LIBS := -lnl-genl-3 -lnl-3

KMOD_SOURCES := Kbuild VERSION $(wildcard kmod/*.[ch] kmod/*/*.h kmod/*/*/*.h)
PURE := proto options names rto burst window

.PHONY: all user tftpload bpf docs kmod selftests help setup run check check-long lint bench bench-boot bench-loss bench-scale \
	bench-picture bench-profile clean vm-build install install-dkms deb FORCE
all: kmod user bpf docs

help:
	@sed -n 's/^# make/make/p' Makefile
	@echo 'make kmod [KDIR=PATH]   the module, for 6.1 and 6.12 or for the kernel tree at PATH'
	@echo 'make user | bpf | docs  ktftpctl | ktftp-top | man pages'
	@echo 'make tftpload           the load generator, build/tftpload'
	@echo 'make setup              install what building and testing needs, prepare the kernels'
	@echo 'make run [DIR=PATH]     serve a folder: boots a virtual machine; HOST=1 loads the module here'
	@echo 'make check              every test layer, one table'
	@echo 'make check-long         the layers that take too long for make check'
	@echo 'make lint               what tools find without running anything: checkpatch, sparse, shellcheck, ...'
	@echo 'make bench [PARTS=..]   what blocks cost and what lost packets cost, against other servers and the targets'
	@echo 'make bench-loss         what lost packets cost a download, in time, on 6.1 and 6.12'
	@echo 'make bench-boot         2,000 phones boot at once: how long they wait, who serves them what'
	@echo 'make bench-scale        what 100,000 transfers at once cost: memory, timers, guest CPU per block'
	@echo 'make bench-picture      the picture of the last make bench into docs'
	@echo 'make bench-profile      what an ACK and its DATA are made of, in instructions'
	@echo 'make install            programs, man pages, unit of systemd, default configuration; below PREFIX (/usr/local)'
	@echo 'make install-dkms       the sources of the module where DKMS looks for them (/usr/src)'
	@echo 'make deb                packages for Debian, build/deb/*.deb'
	@echo 'make clean'

# ---- module ----

ifdef KDIR
kmod:
	@tests/vm/build-module --link $(B)/kmod-custom
	$(MAKE) -C $(KDIR) M=$(CURDIR)/$(B)/kmod-custom W=1 modules
else
kmod: $(foreach k,$(KERNELS),$(B)/kmod-$(k)/ktftp.ko)
endif

$(B)/kmod-%/ktftp.ko: $(KMOD_SOURCES) FORCE
	@tests/vm/build-module $* $(filter-out FORCE,$?)

# ---- user space ----

LIB_OBJECTS := $(patsubst userspace/lib/%.c,$(B)/lib/%.o,$(wildcard userspace/lib/*.c)) $(B)/gen/enum_names.o \
	$(B)/pure/names.o
CTL_OBJECTS := $(patsubst userspace/ctl/%.c,$(B)/ctl/%.o,$(wildcard userspace/ctl/*.c))
PURE_OBJECTS := $(PURE:%=$(B)/pure/%.o)

# The load generator of tests/bench, which has nothing of the module and is not installed.
TFTPLOAD_OBJECTS := $(patsubst tests/bench/%.c,$(B)/tftpload-objects/%.o,$(wildcard tests/bench/*.c))

tftpload: $(B)/tftpload

$(B)/tftpload-objects/%.o: tests/bench/%.c
	@mkdir -p $(@D)
	$(CC) -D_GNU_SOURCE $(CFLAGS_ALL) -MMD -c -o $@ $<

$(B)/tftpload: $(TFTPLOAD_OBJECTS)
	$(CC) $(LDFLAGS) -o $@ $^

user: $(B)/bin/ktftpctl $(B)/bin/ktftpd $(B)/pure/libktftp-pure.a

$(B)/include/linux/ktftp.h: kmod/uapi/ktftp.h
	@mkdir -p $(@D)
	@cp $< $@

$(B)/gen/enum_names.c: $(SPEC) docs/netlink/gen-uapi
	@mkdir -p $(@D)
	@docs/netlink/gen-uapi --names $(SPEC) > $@.new && mv $@.new $@

$(B)/gen/%.o: $(B)/gen/%.c $(B)/include/linux/ktftp.h
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -c -o $@ $<

$(B)/lib/%.o: userspace/lib/%.c $(B)/include/linux/ktftp.h
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) $(NL_CFLAGS) $(CFLAGS_ALL) -MMD -c -o $@ $<

# It includes a header of the module's pure files.
$(B)/lib/name.o: CPPFLAGS_ALL += -Iuserspace/shim -Ikmod

$(B)/ctl/%.o: userspace/ctl/%.c $(B)/include/linux/ktftp.h VERSION
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -c -o $@ $<

# The module's pure files, as user space builds them.
$(B)/pure/%.o: kmod/%.c $(B)/include/linux/ktftp.h
	@mkdir -p $(@D)
	$(CC) -Iuserspace/shim $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -c -o $@ $<

$(B)/lib/libktftp.a: $(LIB_OBJECTS)
	@rm -f $@
	$(AR) rcs $@ $^

$(B)/pure/libktftp-pure.a: $(PURE_OBJECTS)
	@rm -f $@
	$(AR) rcs $@ $^

$(B)/bin/ktftpctl: $(CTL_OBJECTS) $(B)/lib/libktftp.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(NL_LIBS) -ljansson

# The engine of user space, on the module's pure files, and the daemon.
ENGINE_OBJECTS := $(patsubst userspace/engine/%.c,$(B)/engine/%.o,$(wildcard userspace/engine/*.c))
KTFTPD_OBJECTS := $(patsubst userspace/ktftpd/%.c,$(B)/ktftpd/%.o,$(wildcard userspace/ktftpd/*.c userspace/ktftpd/*/*.c))
KTFTPD_LIBS := -levent -levent_pthreads -lconfuse -ljansson -lsqlite3 -lcrypto -lsystemd -lcap-ng $(NL_LIBS) -lpthread

# Headers of the pure files alone: some of the module's have names that user space's have as well.
PURE_HEADERS := $(B)/pure-headers
CPPFLAGS_DAEMON = -Iuserspace/shim -iquote userspace/ktftpd -iquote userspace/engine -iquote $(PURE_HEADERS) $(CPPFLAGS_ALL)

$(PURE_HEADERS)/stamp: Makefile
	@mkdir -p $(@D)
	@ln -sfn $(PURE:%=$(CURDIR)/kmod/%.h) $(CURDIR)/kmod/uapi $(@D)
	@touch $@

$(B)/engine/%.o: userspace/engine/%.c $(B)/include/linux/ktftp.h | $(PURE_HEADERS)/stamp
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_DAEMON) $(CFLAGS_ALL) -MMD -c -o $@ $<

$(B)/ktftpd/%.o: userspace/ktftpd/%.c $(B)/include/linux/ktftp.h VERSION | $(PURE_HEADERS)/stamp
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_DAEMON) $(CFLAGS_ALL) -MMD -c -o $@ $<

# It asks the kernel itself, by libnl.
$(B)/ktftpd/log/neighbours.o: CPPFLAGS_ALL += $(NL_CFLAGS)

# All of the daemon but its main(), for its tests as well. Folders have files of the same name, which "r" would take for
# newer ones of the same file.
$(B)/ktftpd/libktftpd.a: $(filter-out $(B)/ktftpd/main.o,$(KTFTPD_OBJECTS)) $(ENGINE_OBJECTS)
	@rm -f $@
	$(AR) qcs $@ $^

KTFTPD_ARCHIVES := $(B)/ktftpd/libktftpd.a $(B)/lib/libktftp.a $(B)/pure/libktftp-pure.a

$(B)/bin/ktftpd: $(B)/ktftpd/main.o $(KTFTPD_ARCHIVES)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $(B)/ktftpd/main.o $(KTFTPD_ARCHIVES) $(KTFTPD_LIBS)

# ---- BPF ----

# Raw tracepoints and scalars: neither a kernel's types nor its headers are needed. A program takes the arguments up to
# the last one it uses.
CLANG ?= clang
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool) bpftool)
BPF_CFLAGS = -std=gnu11 -g -O2 -target bpf $(WARNINGS) -Wno-unused-parameter \
	-I/usr/include/$(shell $(CC) -print-multiarch)
TOP_OBJECTS := $(patsubst bpf/%.c,$(B)/bpf/%.o,$(filter-out %.bpf.c,$(wildcard bpf/*.c)))

bpf: $(B)/bin/ktftp-top

.SECONDARY: $(B)/bpf/ktftp_top.bpf.o

$(B)/bpf/%.bpf.o: bpf/%.bpf.c bpf/ktftp_top.h
	@mkdir -p $(@D)
	$(CLANG) $(BPF_CFLAGS) -c -o $@ $<

$(B)/bpf/%.skel.h: $(B)/bpf/%.bpf.o
	$(BPFTOOL) gen skeleton $< name $* > $@.new && mv $@.new $@

$(B)/bpf/%.o: bpf/%.c $(B)/bpf/ktftp_top.skel.h VERSION
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) -I$(B)/bpf $(CFLAGS_ALL) -MMD -c -o $@ $<

$(B)/bin/ktftp-top: $(TOP_OBJECTS)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ -lbpf -ljansson

-include $(wildcard $(B)/*/*.d $(B)/ktftpd/*/*.d)

# ---- documents ----

MAN := $(patsubst docs/man/%.scd,$(B)/man/%,$(wildcard docs/man/*.scd))

docs: $(MAN)

$(B)/man/%: docs/man/%.scd VERSION
	@mkdir -p $(@D)
	sed 's/@VERSION@/$(VERSION)/' $< | scdoc > $@.new && mv $@.new $@

# ---- everything else ----

# What tests/vm/run needs for one kernel.
vm-build: user bpf $(B)/kmod-$(KERNEL)/ktftp.ko

setup:
	@tests/setup

run: setup
	@$(MAKE) -s user $(B)/kmod-6.12/ktftp.ko
	@DIR="$(DIR)" HOST="$(HOST)" tests/run/serve

check: setup
	@tests/check

check-long: setup
	@tests/check-long

include tests/unit/unit.mk
include tests/daemon/daemon.mk

selftests: user tftpload
	@mkdir -p $(B)/selftests
	@$(MAKE) -s -C tests/selftests OUTPUT=$(CURDIR)/$(B)/selftests all

lint:
	@tests/lint

bench: all
	@tests/bench/table $(PARTS)

bench-boot: all
	@mkdir -p $(B)/bench
	@tests/bench/boot --save $(B)/bench/boot.json

bench-loss: all
	@tests/bench/loss --kernel 6.1
	@tests/bench/loss --kernel 6.12

bench-scale: all
	@tests/bench/scale/run --kernel 6.12

bench-picture:
	@tests/bench/picture $(B)/bench/loss.json docs/bench

bench-profile: all
	@tests/bench/profile --servers ktftp,limit --kernel 6.1
	@tests/bench/profile --servers ktftp,limit --kernel 6.12

PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
UNITDIR ?= $(PREFIX)/lib/systemd/system
RULES := $(wildcard packaging/prometheus/*)
# A configuration that is there stays as it is.
install: user docs
	install -D -m 755 -t $(DESTDIR)$(PREFIX)/sbin $(B)/bin/ktftpctl $(B)/bin/ktftpd $(wildcard $(B)/bin/ktftp-top)
	for page in $(notdir $(MAN)); do \
		install -D -m 644 $(B)/man/$$page $(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$$page || exit 1; \
	done
	[ -e $(DESTDIR)$(SYSCONFDIR)/ktftp/ktftpd.conf ] || \
		install -D -m 644 packaging/ktftpd.conf $(DESTDIR)$(SYSCONFDIR)/ktftp/ktftpd.conf
	install -d $(DESTDIR)$(UNITDIR)
	sed -e 's|/usr/sbin/ktftpd|$(PREFIX)/sbin/ktftpd|' -e 's|/usr/lib/tmpfiles.d|$(PREFIX)/lib/tmpfiles.d|' \
		-e 's|/etc/ktftp/|$(SYSCONFDIR)/ktftp/|' packaging/systemd/ktftpd.service \
		> $(DESTDIR)$(UNITDIR)/ktftpd.service
	chmod 644 $(DESTDIR)$(UNITDIR)/ktftpd.service
	install -D -m 644 packaging/systemd/ktftp.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/ktftp.conf
	install -D -m 644 packaging/systemd/ktftp.tmpfiles $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/ktftp.conf
	$(if $(RULES),install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/ktftp/prometheus $(RULES))

DKMS_SOURCES := $(KMOD_SOURCES) dkms.conf LICENSE
install-dkms:
	for file in $(DKMS_SOURCES); do \
		install -D -m 644 $$file $(DESTDIR)/usr/src/ktftp-$(VERSION)/$$file || exit 1; \
	done

# The packages of Debian: build/deb/ktftp_VERSION_ARCH.deb and ktftp-dkms_VERSION_all.deb.
DEB := $(B)/deb/ktftp_$(VERSION)_$(shell dpkg --print-architecture 2>/dev/null).deb
DEB_SOURCES := Makefile Kbuild VERSION LICENSE README.md dkms.conf tests/unit/unit.mk tests/daemon/daemon.mk tests/sim/sim.mk
DEB_SOURCES += $(shell find kmod userspace bpf docs packaging -type f)

deb: $(DEB)

$(DEB): $(DEB_SOURCES)
	@packaging/build-deb $(B)/deb

clean:
	rm -rf $(B)

include tests/sim/sim.mk
