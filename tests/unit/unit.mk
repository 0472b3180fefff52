# SPDX-License-Identifier: GPL-2.0
# make unit               unit tests of the pure files, and mutated inputs, under sanitizers
# make fuzz               libFuzzer on them for FUZZ_SECONDS each; more mutated inputs where there is none

UNIT := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/*.c))
FUZZ := $(filter-out driver,$(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*.c)))
FUZZ_SECONDS ?= 60
FUZZ_COUNT ?= 20000000
CLANG ?= clang

SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
CPPFLAGS_UNIT = -Iuserspace/shim -Ikmod -Itests/unit $(CPPFLAGS_ALL)
UNIT_PROGRAMS := $(UNIT:%=$(B)/unit/%)
FUZZ_PROGRAMS := $(FUZZ:%=$(B)/unit/fuzz-%)

.PHONY: unit unit-build fuzz $(FUZZ:%=fuzz-by-libfuzzer-%) $(FUZZ:%=fuzz-by-driver-%)

unit:
	@tests/unit/run

unit-build: $(UNIT_PROGRAMS) $(FUZZ_PROGRAMS)

# The pure files as $(B)/pure has them, and sanitizers.
$(B)/unit/kmod-%.o: kmod/%.c $(B)/include/linux/ktftp.h
	@mkdir -p $(@D)
	$(CC) -Iuserspace/shim $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(SANITIZE) -MMD -c -o $@ $<

$(B)/unit/test-%.o: tests/unit/%.c $(B)/include/linux/ktftp.h
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_UNIT) $(CFLAGS_ALL) $(SANITIZE) -MMD -c -o $@ $<

$(B)/unit/fuzz-%.o: tests/fuzz/%.c $(B)/include/linux/ktftp.h
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_UNIT) $(CFLAGS_ALL) $(SANITIZE) -MMD -c -o $@ $<

$(UNIT_PROGRAMS): $(B)/unit/%: $(B)/unit/test-%.o
	$(CC) $(LDFLAGS) $(SANITIZE) -o $@ $^ -lcmocka

# Each pure file has its own tests; the window has some more, which are not for the kernel.
$(PURE:%=$(B)/unit/%): $(B)/unit/%: $(B)/unit/kmod-%.o
$(B)/unit/downloads $(B)/unit/window_model: $(B)/unit/kmod-window.o
$(B)/unit/downloads $(B)/unit/window $(B)/unit/window_model: $(B)/unit/kmod-burst.o

# Nor are those of the load generator's pure files, which have nothing of the module.
TFTPLOAD_PURE := buffers download habits histogram names packet rules timers
$(B)/unit/bench-%.o: tests/bench/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(SANITIZE) -MMD -c -o $@ $<

$(B)/unit/test-tftpload.o: CPPFLAGS_UNIT := -Itests/bench $(CPPFLAGS_UNIT)
$(B)/unit/tftpload: $(TFTPLOAD_PURE:%=$(B)/unit/bench-%.o)

$(FUZZ_PROGRAMS): $(B)/unit/fuzz-%: $(B)/unit/fuzz-%.o $(B)/unit/kmod-%.o $(B)/unit/fuzz-driver.o
	$(CC) $(LDFLAGS) $(SANITIZE) -o $@ $^

# options.c asks proto.c what a string is.
$(B)/unit/options $(B)/unit/fuzz-options: $(B)/unit/kmod-proto.o
$(B)/unit/libfuzzer-options: kmod/proto.c

$(B)/unit/libfuzzer-%: tests/fuzz/%.c kmod/%.c tests/fuzz/fuzz.h $(wildcard kmod/*.h) $(B)/include/linux/ktftp.h
	@mkdir -p $(@D)
	$(CLANG) $(CPPFLAGS_UNIT) $(CFLAGS_ALL) $(SANITIZE) -fsanitize=fuzzer -o $@ $(filter %.c,$^)

# Not empty where clang can build with libFuzzer: its run-time library is a package of its own.
have_libfuzzer = $(shell echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' | \
	$(CLANG) -fsanitize=fuzzer,address -x c - -o /dev/null 2>/dev/null && echo yes)

fuzz: $(FUZZ_PROGRAMS)
	@$(MAKE) -k --no-print-directory $(FUZZ:%=fuzz-by-$(if $(have_libfuzzer),libfuzzer,driver)-%)

# The corpus stays, so that a later run goes on where this one ended.
$(FUZZ:%=fuzz-by-libfuzzer-%): fuzz-by-libfuzzer-%: $(B)/unit/libfuzzer-% $(B)/unit/fuzz-%
	@mkdir -p $(B)/unit/corpus
	$(B)/unit/fuzz-$* --corpus $(B)/unit/corpus/$*
	$(B)/unit/libfuzzer-$* -max_total_time=$(FUZZ_SECONDS) -max_len=2048 -verbosity=0 -print_final_stats=1 \
		-artifact_prefix=$(B)/unit/$*- $(B)/unit/corpus/$*

$(FUZZ:%=fuzz-by-driver-%): fuzz-by-driver-%: $(B)/unit/fuzz-%
	$< $(FUZZ_COUNT)
