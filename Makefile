# Binnacle. On a new machine:
#   make demo    install missing packages, build, and take one model through its whole life cycle
#   make check   the same, then run every test that needs no network, GPU, root or terminal
# `make help` lists the rest. V=1 shows commands, DEVELOPER=1 turns warnings into errors,
# SANITIZE=address,undefined (or thread) builds into a folder of its own.

SHELL := /bin/bash
.DEFAULT_GOAL := all
.SUFFIXES:
.DELETE_ON_ERROR:
.SECONDARY:
comma := ,

VERSION := 0.1.0
# Passed to share/install.sh through the environment, since they may contain spaces.
export PREFIX ?= /usr/local
export DESTDIR ?=
Q := $(if $(V),,@)

# ---- tools and libraries of this machine ----------------------------------------------------------

PKGS := ncursesw sqlite3 libgit2 jansson openblas libcurl libssl libcrypto nettle hogweed yaml-0.1 libzstd liblz4 \
	libpcre2-8
# The only dependencies of the logging client (docs/dependencies.md).
CLIENT_PKGS := jansson libzstd nettle
TEST_PKGS := check
DEBIAN_PACKAGES := build-essential pkg-config libncurses-dev libsqlite3-dev libgit2-dev \
	libjansson-dev libopenblas-dev libcurl4-openssl-dev libssl-dev nettle-dev \
	libyaml-dev libzstd-dev liblz4-dev libpcre2-dev check tmux ncurses-term

have = $(shell command -v $(1) >/dev/null 2>&1 && echo yes)
CC := $(if $(filter default,$(origin CC)),gcc,$(CC))
# Cross building: CC=aarch64-linux-gnu-gcc, PKG_CONFIG or PKG_CONFIG_LIBDIR for that machine's libraries.
CROSS := $(patsubst %gcc,%,$(filter %-gcc,$(CC)))
AR := $(if $(filter default,$(origin AR)),$(CROSS)ar,$(AR))
OBJCOPY ?= $(CROSS)objcopy
PKG_CONFIG ?= pkg-config
MISSING_TOOLS := $(foreach t,$(CC) $(PKG_CONFIG) tmux,$(if $(call have,$(t)),,$(t)))
MISSING_PKGS := $(if $(call have,$(PKG_CONFIG)),$(foreach p,$(PKGS) $(TEST_PKGS),$(if \
	$(shell $(PKG_CONFIG) --exists $(p) && echo yes),,$(p))),$(PKGS))
MISSING := $(strip $(MISSING_TOOLS) $(MISSING_PKGS))
NVCC ?= $(firstword $(shell command -v nvcc 2>/dev/null) $(wildcard /usr/local/cuda/bin/nvcc))

# Goals that build nothing and do not need the packages.
DRY_GOALS := deps help clean distclean format check-layers check-docs uninstall
WANTS_BUILD := $(if $(MAKECMDGOALS),$(filter-out $(DRY_GOALS),$(MAKECMDGOALS)),all)

ifneq ($(and $(MISSING),$(WANTS_BUILD)),)

# Something is missing: install it, then restart make, which detects it.
.PHONY: $(MAKECMDGOALS) all
$(sort $(WANTS_BUILD)): deps
	@if [ -n "$(BINNACLE_DEPS_TRIED)" ]; then \
		echo "still missing after installing: $(MISSING)" >&2; exit 1; fi
	@+BINNACLE_DEPS_TRIED=1 $(MAKE) --no-print-directory $@

else

# ---- flags ---------------------------------------------------------------------------------------

BUILD ?= build$(if $(filter-out gcc,$(notdir $(CC))),-$(notdir $(CC)))$(if \
	$(SANITIZE),-$(subst $(comma),-,$(SANITIZE)))
WARN := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wvla -Wmissing-prototypes \
	-Wno-sign-conversion $(if $(DEVELOPER),-Werror)
OPT ?= $(if $(SANITIZE),-O1 -fno-omit-frame-pointer,-O2)
# Empty if pkg-config is not installed, which MISSING_TOOLS reports.
pkg = $(if $(call have,$(PKG_CONFIG)),$(shell $(PKG_CONFIG) $(1)))
PKG_CFLAGS := $(call pkg,--cflags $(PKGS))
# OpenBLAS is loaded at run time, when first needed (kernels/blas.h).
PKG_LIBS := $(call pkg,--libs $(filter-out openblas,$(PKGS)))
# So are these two (core/base/library.h): the program does not link them. Tests may.
LATE_LIBS := $(call pkg,--libs-only-l libgit2 libcurl)
CLIENT_LIBS := $(call pkg,--libs $(CLIENT_PKGS)) -lm -lpthread
CFLAGS ?= -g
# Loops marked `omp simd` are vectorised; clang does not vectorise sqrt while it may set errno.
SIMD := -fopenmp-simd $(if $(findstring clang,$(CC)),-fno-math-errno)
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -DBN_VERSION='"$(VERSION)"' -I. -I$(BUILD)/gen -fPIC \
	-ffp-contract=off $(SIMD) $(OPT) $(WARN) $(if $(SANITIZE),-fsanitize=$(SANITIZE) \
	-fno-sanitize-recover=all) $(PKG_CFLAGS) $(CFLAGS)
ALL_LDFLAGS = $(if $(SANITIZE),-fsanitize=$(SANITIZE)) $(LDFLAGS)
ALL_LIBS = $(PKG_LIBS) -lm -lpthread -ldl

# ---- sources: by patterns, so that a new module or test needs no change here -----------------------

CORE_SRC := $(sort $(wildcard core/*/*.c core/*/*/*.c))
KERNEL_SRC := $(sort $(wildcard kernels/*.c kernels/cpu/*.c kernels/op/*.c))
TUI_SRC := $(sort $(filter-out tui/main.c,$(wildcard tui/*.c tui/*/*.c tui/*/*/*.c)))
CUDA_SRC := $(sort $(wildcard kernels/cuda/*.cu))
TEST_SUPPORT_SRC := $(sort $(wildcard tests/support/*.c tests/tui/views/*/fake.c))
TEST_SRC := $(sort $(shell find tests -name 'test_*.c' 2>/dev/null))
FUZZ_SRC := $(sort $(wildcard tests/fuzz/fuzz_*.c))
BENCH_SRC := $(sort $(wildcard tests/bench/bench_*.c))
PEER_SRC := $(sort $(wildcard tests/peers/net/net_*.c tests/peers/cross/*.c))
# docs: the pages of binnacle help TOPIC (tui/cli/help.c)
EMBED := $(sort $(wildcard share/sql/*.sql themes/*.theme share/embed/*) docs/data.md docs/expressions.md)

obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
LIB_OBJ := $(call obj,$(CORE_SRC) $(KERNEL_SRC)) $(BUILD)/gen/embedded.o
TUI_OBJ := $(call obj,$(TUI_SRC))
PROGRAM := $(BUILD)/binnacle
LIB_A := $(BUILD)/libengine.a
TUI_A := $(BUILD)/libtui.a
SUPPORT_A := $(BUILD)/libtestsupport.a
CLIENT_A := $(BUILD)/libbinnacle.a
CLIENT_SO := $(BUILD)/libbinnacle.so.0
CUDA_SO := $(if $(and $(NVCC),$(CUDA_SRC)),$(BUILD)/binnacle_cuda.so)
TEST_BIN := $(patsubst tests/%.c,$(BUILD)/tests/%,$(TEST_SRC))
BENCH_BIN := $(patsubst tests/bench/%.c,$(BUILD)/bench/%,$(BENCH_SRC))
PEER_BIN := $(patsubst tests/%.c,$(BUILD)/%,$(PEER_SRC))

.PHONY: all run demo check check-all check-asan check-tsan check-layers check-symbols check-headers \
	check-docs check-clang golden bench fuzz cuda format install uninstall tar deps clean distclean help tests \
	report
all: report $(PROGRAM) $(CLIENT_A) $(CLIENT_SO) $(BUILD)/libbinnacle.so $(CUDA_SO)

report:
	@echo "binnacle $(VERSION): $(CC), CUDA plug-in $(if \
		$(CUDA_SO),yes ($(NVCC)),no (nvcc not found))$(if $(SANITIZE),$(comma) sanitizers \
		$(SANITIZE))"

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	@$(if $(V),,echo "  CC    $<")
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# Files built into the program: SQL schemas, themes, policies.
$(BUILD)/gen/embedded.c: $(EMBED) share/embed.sh Makefile
	@mkdir -p $(@D)
	@$(if $(V),,echo "  EMBED $(words $(EMBED)) files")
	$(Q)bash share/embed.sh $(EMBED) >$@

$(BUILD)/gen/embedded.o: $(BUILD)/gen/embedded.c
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(LIB_A): $(LIB_OBJ)
	@$(if $(V),,echo "  AR    $@")
	$(Q)rm -f $@ && $(AR) rcs $@ $^

# The logging client: core/client and the parts of the engine's archive that it needs, as one object
# that exports only binnacle_*.
$(BUILD)/client.o: $(call obj,$(wildcard core/client/*.c)) $(LIB_A)
	@$(if $(V),,echo "  LD    $@")
	$(Q)$(CC) -r -nostdlib -o $@ $^
	$(Q)$(OBJCOPY) --wildcard --keep-global-symbol='binnacle_*' $@

$(CLIENT_A): $(BUILD)/client.o
	@$(if $(V),,echo "  AR    $@")
	$(Q)rm -f $@ && $(AR) rcs $@ $^

# -z defs: a dependency outside of CLIENT_LIBS fails here. -z nodelete: because of its thread, and its exit handler.
$(CLIENT_SO): $(BUILD)/client.o share/libbinnacle.map
	@$(if $(V),,echo "  LD    $@")
	$(Q)$(CC) $(ALL_LDFLAGS) -shared -Wl,-soname,libbinnacle.so.0 \
		$(if $(SANITIZE),,-Wl$(comma)-z$(comma)defs) -Wl,-z,nodelete -Wl,--version-script=share/libbinnacle.map -o $@ \
		$(BUILD)/client.o $(CLIENT_LIBS)

$(BUILD)/libbinnacle.so: $(CLIENT_SO)
	$(Q)ln -sf libbinnacle.so.0 $@

# An archive, so that a test links only what it uses.
$(TUI_A): $(TUI_OBJ)
	@$(if $(V),,echo "  AR    $@")
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(PROGRAM): $(BUILD)/obj/tui/main.o $(TUI_A) $(LIB_A)
	@$(if $(V),,echo "  LD    $@")
	$(Q)$(CC) $(ALL_LDFLAGS) -rdynamic -o $@ $^ $(filter-out $(LATE_LIBS),$(ALL_LIBS))

cuda: $(CUDA_SO)
	@$(if $(CUDA_SO),true,echo "no nvcc found: nothing to build")

$(BUILD)/binnacle_cuda.so: $(CUDA_SRC) $(wildcard kernels/*.h kernels/op/*.h kernels/cuda/*.h kernels/cuda/*.cuh)
	@mkdir -p $(@D)
	@$(if $(V),,echo "  NVCC  $@")
	$(Q)$(NVCC) -O3 -std=c++17 -I. --fmad=false -Xcompiler -fPIC,-Wall -shared \
		$(CUDA_ARCH) -o $@ $(CUDA_SRC) -lcublas

# The same sources compiled for the CPU, for tests: threads are fibres in a seeded order (kernels/cuda/emulation).
CUDA_EMU_SO := $(if $(call have,g++),$(BUILD)/binnacle_cuda_emu.so)
CUDA_EMU_OBJ := $(patsubst kernels/cuda/%,$(BUILD)/emu/%.o,$(CUDA_SRC) $(wildcard kernels/cuda/emulation/*.cc))

$(BUILD)/emu/%.o: kernels/cuda/% $(wildcard kernels/*.h kernels/op/*.h kernels/cuda/*.cuh kernels/cuda/emulation/*.h)
	@mkdir -p $(@D)
	@$(if $(V),,echo "  EMU   $<")
	$(Q)$(CROSS)g++ -x c++ -std=c++17 -O1 -g -fPIC -ffp-contract=off -Wall $(if $(DEVELOPER),-Werror) \
		-DBNK_CUDA_EMULATION -Ikernels/cuda/emulation -I. -c -o $@ $<

$(BUILD)/binnacle_cuda_emu.so: $(CUDA_EMU_OBJ)
	@$(if $(V),,echo "  LD    $@")
	$(Q)$(CROSS)g++ -shared -o $@ $^

$(BUILD)/tests/kernels/test_cuda_emulation: | $(CUDA_EMU_SO)

# ---- tests ---------------------------------------------------------------------------------------

$(SUPPORT_A): $(call obj,$(TEST_SUPPORT_SRC))
	@$(if $(V),,echo "  AR    $@")
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(SUPPORT_A) $(TUI_A) $(LIB_A)
	@mkdir -p $(@D)
	@$(if $(V),,echo "  LD    $@")
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(shell $(PKG_CONFIG) --libs check) $(ALL_LIBS)

tests: $(TEST_BIN) $(PEER_BIN)

check: all tests
	$(Q)BUILD=$(BUILD) bash tests/run.sh $(BUILD) $(TESTS)

check-asan:
	$(Q)+$(MAKE) --no-print-directory check SANITIZE=address,undefined

check-tsan:
	$(Q)+$(MAKE) --no-print-directory check SANITIZE=thread

check-clang:
	$(Q)+$(MAKE) --no-print-directory all tests CC=clang DEVELOPER=1

check-headers: $(BUILD)/gen/embedded.c
	$(Q)CC="$(CC)" CFLAGS="$(ALL_CFLAGS)" bash tests/lint/headers.sh

check-symbols: all
	$(Q)bash tests/lint/symbols.sh $(BUILD)

# Programs used by the scripts of tests/peers.
$(BUILD)/peers/%: $(BUILD)/obj/tests/peers/%.o $(SUPPORT_A) $(LIB_A)
	@mkdir -p $(@D)
	@$(if $(V),,echo "  LD    $@")
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(shell $(PKG_CONFIG) --libs check) $(ALL_LIBS)

# Here the crash tests try every change of the disk; `check` only tries each kind of change.
check-all: export BINNACLE_CRASH_STRIDE ?= 1
check-all: export BINNACLE_QUEUE_RUNS ?= 3000
check-all: export BINNACLE_FLOOD ?= full
check-all: export BINNACLE_KILLS ?= 100
check-all: export BINNACLE_SAME_ROUNDS ?= 40
check-all: export BINNACLE_TABLES ?= 200
check-all: check check-layers check-symbols check-headers check-docs
	$(Q)BUILD=$(BUILD) bash tests/run_all.sh $(BUILD)

golden: all tests
	$(Q)BINNACLE_GOLDEN=write BUILD=$(BUILD) bash tests/run.sh $(BUILD) tui
	$(Q)bash tests/lint/screens.sh --write

# ---- fuzzing and benchmarks ----------------------------------------------------------------------

FUZZ_SECONDS ?= 10
# The library is built once with coverage, and each target links the parts that it uses.
FUZZ_FLAGS = -std=c11 -D_GNU_SOURCE -DBN_VERSION='"$(VERSION)"' -I. -I$(BUILD)/gen -g -O1 \
	-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fopenmp-simd -fno-math-errno $(PKG_CFLAGS)
FUZZ_OBJ := $(patsubst %.c,$(BUILD)-fuzz/obj/%.o,$(CORE_SRC) $(KERNEL_SRC)) \
	$(BUILD)-fuzz/obj/embedded.o

$(BUILD)-fuzz/obj/%.o: %.c
	@mkdir -p $(@D)
	@$(if $(V),,echo "  FUZZ  $<")
	$(Q)clang $(FUZZ_FLAGS) -MMD -MP -c -o $@ $<

$(BUILD)-fuzz/obj/embedded.o: $(BUILD)/gen/embedded.c
	@mkdir -p $(@D)
	$(Q)clang $(FUZZ_FLAGS) -c -o $@ $<

$(BUILD)-fuzz/libengine.a: $(FUZZ_OBJ)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(BUILD)-fuzz/%: $(BUILD)-fuzz/obj/tests/fuzz/%.o $(BUILD)-fuzz/libengine.a
	@$(if $(V),,echo "  LD    $@")
	$(Q)clang -fsanitize=fuzzer,address,undefined -o $@ $^ $(ALL_LIBS)

fuzz: $(patsubst tests/fuzz/%.c,$(BUILD)-fuzz/%,$(FUZZ_SRC))
	$(Q)bash tests/fuzz/run.sh $(BUILD)-fuzz $(FUZZ_SECONDS)

$(BUILD)/bench/%: $(BUILD)/obj/tests/bench/%.o $(SUPPORT_A) $(LIB_A)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(ALL_LIBS)

bench: all $(BENCH_BIN)
	$(Q)BUILD=$(BUILD) bash tests/bench/run.sh $(BUILD)

# ---- running and installing ------------------------------------------------------------------------

run: all
	$(Q)$(PROGRAM)

DEMO_DIR ?= demo-workspace
demo: all
	$(Q)$(PROGRAM) demo $(DEMO_DIR)

install: export CLIENT_LIBS := $(CLIENT_LIBS)
install: all
	$(Q)BUILD=$(BUILD) VERSION=$(VERSION) bash share/install.sh install

tar: export ARCHIVES := $(BUILD)/obj/tui/main.o $(TUI_A) $(LIB_A)
tar: $(BUILD)/obj/tui/main.o $(TUI_A) $(LIB_A)
	$(Q)BUILD=$(BUILD) VERSION=$(VERSION) CC="$(CC)" bash share/tar.sh

compile_commands.json: Makefile
	$(Q)bash share/compile_commands.sh '$(CC) $(ALL_CFLAGS)' $(CORE_SRC) $(KERNEL_SRC) $(TUI_SRC) \
		tui/main.c $(TEST_SRC) >$@

-include $(shell find $(BUILD)/obj $(BUILD)-fuzz/obj -name '*.d' 2>/dev/null)

endif # MISSING

# ---- targets that build nothing ------------------------------------------------------------------

deps:
	@bash share/deps.sh $(DEBIAN_PACKAGES)

check-layers:
	$(Q)bash tests/lint/layers.sh && bash tests/lint/files.sh && bash tests/lint/idioms.sh && \
		bash tests/lint/circles.sh && bash tests/lint/attacks.sh

check-docs:
	$(Q)bash tests/lint/docs.sh

format:
	$(Q)clang-format -i $$(git ls-files '*.c' '*.h' '*.cu')

uninstall:
	$(Q)bash share/install.sh uninstall

clean:
	$(Q)rm -rf build build-*

distclean: clean
	$(Q)rm -rf compile_commands.json .venv demo-workspace

help:
	@echo "make            build the program and the library"
	@echo "make run        open the workbench on the workspace of the current directory"
	@echo "make demo       take one model through its whole life cycle in $(DEMO_DIR)/"
	@echo "make check      every test that needs no terminal, network, GPU or root"
	@echo "make check-all  the same, lints, and tests against real peers (makes .venv)"
	@echo "make check-asan check-tsan check-clang check-layers check-symbols check-headers check-docs"
	@echo "make golden     write the golden screens, and the pictures of the docs, again; check the diff before you commit"
	@echo "make bench      ratios against peers measured in the same run"
	@echo "make fuzz       FUZZ_SECONDS=$(FUZZ_SECONDS) of each fuzz target"
	@echo "make tar        the program for other machines: glibc 2.28 or later, nothing installed"
	@echo "make cuda format install uninstall deps clean distclean compile_commands.json"
