# SPDX-License-Identifier: GPL-2.0
# make sim                tables of simulated downloads, for docs/timers.md; make sim-check tests what it claims

SIM_OBJECTS := $(patsubst tests/sim/%.c,$(B)/sim/%.o,$(wildcard tests/sim/*.c))

# The defaults of the tunables, so that what is simulated is what is shipped.
sim_default = $(shell sed -n 's/^TUNABLE.$(1), \([0-9]*\),.*/\1/p' kmod/params.c)
CPPFLAGS_SIM = -Iuserspace/shim -Ikmod -Itests/selftests \
	       -DRTO_MIN_MS=$(call sim_default,rto_min_ms) -DRTO_MAX_MS=$(call sim_default,rto_max_ms) \
	       -DGIVE_UP_MS=$(call sim_default,give_up_ms) -DLINGER_MS=$(call sim_default,linger_ms) \
	       -DUNPROVEN_RETRIES=$(call sim_default,unproven_retries)

.PHONY: sim sim-check

sim: $(B)/sim/timers
	@$<

sim-check: $(B)/sim/timers
	@$< --check

$(B)/sim/%.o: tests/sim/%.c kmod/params.c tests/sim/sim.mk
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_SIM) $(CFLAGS_ALL) -MMD -c -o $@ $<

$(B)/sim/timers: $(SIM_OBJECTS) $(B)/pure/rto.o $(B)/pure/window.o $(B)/pure/burst.o
	$(CC) $(LDFLAGS) -o $@ $^ -lm
