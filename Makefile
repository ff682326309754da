# Builds libtamis.a and tamis, and runs everything that can be run. `make help` lists the targets.
#
# Every .c below src/ is picked up by itself; every test_*.c below test/ becomes one program.
# Output lies in build/$(V)/, one folder a variant, so variants never mix:
#   make                      build/release/tamis and build/release/libtamis.a
#   make V=asan tests         the same and all test programs, with ASan and UBSan
#   make WERROR=1             warnings fail the build (what CI does)
#   make BUILD=/some/where    another place for the output
# Header dependencies are tracked, a change of flags rebuilds, and the output is the same bytes for
# the same source wherever it is built.

V       ?= release
BUILD   ?= build
WERROR  ?= 0
PREFIX  ?= /usr/local
LIBDIR  ?= $(PREFIX)/lib
DESTDIR ?=

# One spelling of a folder inside the tree: files of dependencies hold it.
OUT     := $(patsubst $(CURDIR)/%,%,$(abspath $(BUILD)))/$(V)
VERSION := $(shell cat VERSION)
ARCH    := $(shell uname -m)
export LC_ALL := C

# ccache is used when it is there; CCACHE= turns it off.
CCACHE  ?= $(shell command -v ccache 2>/dev/null)

# ---- compiler and variant ----------------------------------------------------------------------

HARDEN  := -fstack-protector-strong -D_FORTIFY_SOURCE=2
HARDEN  += $(if $(filter x86_64,$(ARCH)),-fstack-clash-protection -fcf-protection)
SAN     := -fno-sanitize-recover=all -fno-omit-frame-pointer

COMPILER := gcc
ifeq ($(V),release)
  MODE := -O3 -g $(HARDEN)
else ifeq ($(V),clang)
  COMPILER := clang
  MODE := -O3 -g $(HARDEN)
else ifeq ($(V),debug)
  MODE := -O0 -g3
else ifeq ($(V),asan)
  COMPILER := clang
  MODE := -O1 -g -fsanitize=address,undefined $(SAN)
else ifeq ($(V),tsan)
  COMPILER := clang
  MODE := -O1 -g -fsanitize=thread $(SAN)
else ifeq ($(V),fault)
  MODE := -O1 -g -DTM_FAULTS -fsanitize=address $(SAN)
else ifeq ($(V),fuzz)
  COMPILER := clang
  MODE := -O1 -g -fsanitize=fuzzer-no-link,address,undefined $(SAN)
else ifeq ($(V),cov)
  MODE := -O0 -g --coverage
else
  $(error V=$(V) is not a variant: release, clang, debug, asan, tsan, fault, fuzz or cov)
endif

# CC is whatever the variant says unless it is given on the command line or in the environment.
ifeq ($(origin CC),default)
  CC := $(CCACHE) $(COMPILER)
endif
AR ?= ar

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
        -Wcast-qual -Wwrite-strings -Wformat=2 -Wundef -Wvla -Wpointer-arith \
        -Wimplicit-fallthrough -Wdouble-promotion
WARN += $(if $(filter 1,$(WERROR)),-Werror)

# ---- libraries ---------------------------------------------------------------------------------

# xxHash is used as headers only. libdeflate is optional: NO_LIBDEFLATE=1 builds without it.
PKGS    := libzstd zlib libpcre2-8 libutf8proc yaml-0.1 libcrypto
HEADERS := libxxhash
LIBDEFLATE := $(if $(filter 1,$(NO_LIBDEFLATE)),,$(shell pkg-config --exists libdeflate 2>/dev/null \
              && echo libdeflate))

DEP_CFLAGS := $(shell pkg-config --cflags $(PKGS) $(HEADERS) $(LIBDEFLATE) 2>/dev/null)
DEP_LIBS   := $(shell pkg-config --libs $(PKGS) $(LIBDEFLATE) 2>/dev/null)
DEP_CFLAGS += $(if $(LIBDEFLATE),-DHAVE_LIBDEFLATE=1)

# The program takes its libraries in where they come as archives: it starts in a third of the time
# (seven libraries need not be found and relocated) and runs where they are missing. DYNAMIC=1 leaves
# them outside. libtamis.so and the tests link them as usual.
DYNAMIC ?= 0
found   = $(shell $(lastword $(CC)) -print-file-name=lib$(1).a)
archive = $(if $(findstring /,$(call found,$(1))),$(call found,$(1)),-l$(1))
BIN_LIBS := $(if $(filter release clang,$(V)),$(if $(filter 1,$(DYNAMIC)),,static))
BIN_LIBS := $(if $(BIN_LIBS),$(foreach lib,$(DEP_LIBS:-l%=%),$(call archive,$(lib))),$(DEP_LIBS))

# A missing library is said in one sentence, but only by the targets that need it.
NO_BUILD := help clean setup test demo check fmt docs bench fault kill fuzz fuzz-replay ci
ifneq ($(filter-out $(NO_BUILD),$(or $(MAKECMDGOALS),all)),)
  MISSING := $(shell pkg-config --exists $(PKGS) $(HEADERS) 2>/dev/null || for name in \
               $(PKGS) $(HEADERS); do pkg-config --exists $$name 2>/dev/null || echo $$name; done)
  ifneq ($(MISSING),)
    $(error These libraries are missing: $(MISSING). Run: tools/setup.sh build)
  endif
endif

# ---- flags -------------------------------------------------------------------------------------

# No fused multiply-add and no libm errno: a result may not depend on the compiler or the CPU.
# The baseline is plain x86-64; faster kernels are chosen at run time.
CPPFLAGS_ALL := -D_GNU_SOURCE -Isrc -Iinclude $(DEP_CFLAGS) -DTM_VERSION='"$(VERSION)"'
CFLAGS_ALL   := -std=c17 $(if $(filter x86_64,$(ARCH)),-march=x86-64) -fPIC -fvisibility=hidden -pthread \
                -ffp-contract=off -fno-math-errno -ffile-prefix-map=$(CURDIR)=. $(WARN) $(MODE)
LDFLAGS_ALL  := -pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed
COMPILE = $(CC) $(CPPFLAGS_ALL) $(CPPFLAGS) $(CFLAGS_ALL) $(CFLAGS)
LINK    = $(CC) $(CFLAGS_ALL) $(CFLAGS) $(LDFLAGS_ALL) $(LDFLAGS)

# ---- files -------------------------------------------------------------------------------------

SRC      := $(shell find src -name '*.c' | sort)
CLI_SRC  := $(filter src/cli/%,$(SRC))
PY_SRC   := $(filter src/py/%,$(SRC))
LIB_SRC  := $(filter-out src/cli/% src/py/%,$(SRC))
LIB_OBJ  := $(LIB_SRC:%.c=$(OUT)/obj/%.o) $(OUT)/obj/gen/recipes.o
CLI_OBJ  := $(CLI_SRC:%.c=$(OUT)/obj/%.o)
PY_OBJ   := $(PY_SRC:%.c=$(OUT)/obj/%.o)
HELP_SRC := $(sort $(wildcard test/support/*.c))
HELP_OBJ := $(HELP_SRC:%.c=$(OUT)/obj/%.o)
TEST_SRC := $(shell find test -name 'test_*.c' 2>/dev/null | sort)
TESTS    := $(TEST_SRC:%.c=$(OUT)/%)
FUZZ_SRC := $(sort $(wildcard test/fuzz/fuzz_*.c))
FUZZERS  := $(FUZZ_SRC:%.c=$(OUT)/%)

LIB := $(OUT)/libtamis.a
SO  := $(OUT)/libtamis.so.$(firstword $(subst ., ,$(VERSION)))
BIN := $(if $(CLI_SRC),$(OUT)/tamis)
ALL_OBJ := $(LIB_OBJ) $(CLI_OBJ) $(PY_OBJ) $(HELP_OBJ) $(TEST_SRC:%.c=$(OUT)/obj/%.o) \
           $(FUZZ_SRC:%.c=$(OUT)/obj/%.o)

Q := $(if $(VERBOSE),,@)
say = $(if $(VERBOSE),,@printf '  %-5s %s\n' $(1) '$(2)')

# ---- build -------------------------------------------------------------------------------------

.PHONY: all lib tests fuzzers help clean FORCE
.DELETE_ON_ERROR:
.SECONDARY:

all: $(LIB) $(BIN)  ## the library and the program (the default)
lib: $(LIB) $(SO)  ## the library alone, static and shared
tests: all $(TESTS)  ## all test programs, not run
fuzzers: $(FUZZERS)  ## all fuzz targets, not run (V=fuzz)

$(LIB): $(LIB_OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@.new && $(AR) rcsD $@.new $(LIB_OBJ) && mv -f $@.new $@

# Objects are position-independent and hidden but for tamis.h, so one set serves both libraries.
$(SO): $(LIB)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS_ALL) $(CFLAGS) -shared -Wl,-soname,$(@F) -Wl,-z,relro,-z,now,-z,noexecstack \
	  -Wl,-z,defs -Wl,--as-needed $(LDFLAGS) -o $@.new -Wl,--whole-archive $(LIB) \
	  -Wl,--no-whole-archive $(DEP_LIBS) -lm && mv -f $@.new $@

$(OUT)/tamis: $(CLI_OBJ) $(LIB)
	$(call say,LINK,$@)
	$(Q)$(LINK) -o $@.new $(CLI_OBJ) $(LIB) $(BIN_LIBS) -lm && mv -f $@.new $@

$(OUT)/obj/%.o: %.c $(OUT)/flags
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(COMPILE) -MMD -MP -MF $(@:.o=.d) -MT $@ -c -o $@ $<

# The built-in recipes as strings: tm_recipe_NAME holds recipes/NAME.yaml. Without -g, as its place
# would be told.
RECIPES := $(sort $(wildcard recipes/*.yaml))
$(OUT)/gen/recipes.c: $(RECIPES)
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)for name in $(basename $(notdir $(RECIPES))); do \
	  printf 'extern const char tm_recipe_%s[];\nconst char tm_recipe_%s[] =\n' $$name $$name; \
	  sed 's/["\\?]/\\&/g; s/.*/    "&\\n"/; $$s/$$/;/' recipes/$$name.yaml; done > $@.new && mv -f $@.new $@

$(OUT)/obj/gen/recipes.o: $(OUT)/gen/recipes.c $(OUT)/flags
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(COMPILE) -g0 -c -o $@ $<

$(OUT)/obj/test/%.o: CPPFLAGS_ALL += -Itest -Itest/support

$(OUT)/test/fuzz/%: $(OUT)/obj/test/fuzz/%.o $(LIB)
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(LINK) -fsanitize=fuzzer -o $@ $< $(LIB) $(DEP_LIBS) -lm

$(OUT)/test/%: $(OUT)/obj/test/%.o $(HELP_OBJ) $(LIB)
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $< $(HELP_OBJ) $(LIB) $(DEP_LIBS) -lcmocka -lm

# Holds the flags of the last build; it changes, and everything is rebuilt, when they do. -Werror
# decides no object.
FLAGS_NOW := $(filter-out -Werror,$(COMPILE)) | $(filter-out -Werror,$(LINK)) | $(DEP_LIBS) | $(shell $(lastword $(CC)) --version 2>/dev/null | head -n 1)
$(OUT)/flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(subst ','\'',$(FLAGS_NOW))' | cmp -s - $@ \
	  || printf '%s\n' '$(subst ','\'',$(FLAGS_NOW))' > $@

-include $(wildcard $(ALL_OBJ:.o=.d))

# ---- Python ------------------------------------------------------------------------------------

# build/$(V)/python is the package as the wheel holds it, to be put on PYTHONPATH. The extension is
# of the stable ABI, so one build serves Python 3.9 and later, and shows no name but the one Python
# looks for. It takes in those libraries whose archives are position-independent (Debian's zlib and
# zstd are not; every system has those).
PY_INCLUDE := $(patsubst -I%,-isystem %,$(shell pkg-config --cflags python3 2>/dev/null))
PY_FLAGS   := $(PY_INCLUDE) -DPy_LIMITED_API=0x03090000
PY_TREE    := $(OUT)/python/tamis
PY_EXT     := $(PY_TREE)/_tamis.abi3.so
PY_FILES   := $(sort $(wildcard python/tamis/*.py python/tamis/*.pyi) python/tamis/py.typed)
PY_MADE    := $(PY_TREE)/operators.py $(PY_EXT)
PIC        := pcre2-8 utf8proc yaml crypto deflate
PY_LIBS     = $(foreach lib,$(DEP_LIBS:-l%=%),$(if $(filter $(lib),$(PIC)),$(call archive,$(lib)),-l$(lib)))

.PHONY: python wheel
python: $(PY_FILES:python/%=$(OUT)/python/%) $(PY_MADE)  ## the Python package, in build/$(V)/python
wheel: python  ## the Python package as dist/tamis-VERSION-cp39-abi3-linux_ARCH.whl
	$(Q)python3 -B tools/make_wheel.py --tree $(OUT)/python --out dist

$(OUT)/obj/src/py/%.o: CPPFLAGS_ALL += $(PY_FLAGS)
$(OUT)/obj/src/py/%.o: CFLAGS_ALL += -Wno-pedantic
$(PY_OBJ): | $(OUT)/has-python
$(OUT)/has-python: FORCE
	@test -n '$(PY_INCLUDE)' || { echo 'The headers of Python are missing (python3-dev). Run:' \
	  'tools/setup.sh test' >&2; exit 1; }

$(PY_EXT): $(PY_OBJ) $(LIB)
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS_ALL) $(CFLAGS) -shared -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed \
	  -Wl,--exclude-libs,ALL $(LDFLAGS) -o $@.new $(PY_OBJ) $(LIB) $(PY_LIBS) -lm && mv -f $@.new $@

$(PY_TREE)/operators.py: tools/gen_python.py $(BIN)
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)python3 -B tools/gen_python.py --tamis $(BIN) --out $@

$(OUT)/python/%: python/%
	$(Q)mkdir -p $(@D)
	$(Q)cp $< $@

# ---- run ---------------------------------------------------------------------------------------

.PHONY: setup test demo check fmt docs bench fault kill fuzz fuzz-replay ci install
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
FUZZ_SECONDS ?= 30
SUB = $(MAKE) --no-print-directory -j$(JOBS)
HAS_FAULT := $(firstword $(wildcard test/fault/*.py test/fault/*.sh))

setup:  ## install what a build and the tests need (Debian packages, a Python environment)
	@tools/setup.sh test

test:  ## install what is missing, build, run every test
	@tools/setup.sh test
	@$(SUB) V=$(V) test-run

test-run: tests $(if $(PY_INCLUDE),$(if $(filter release clang,$(V)),python))
	@$(if $(and $(HAS_FAULT),$(filter release,$(V))),$(SUB) V=fault all)
	@tools/run_tests.py --build $(OUT) --fault $(BUILD)/fault $(ONLY)

demo:  ## a messy dataset made, refined and compared with what was planted in it
	@tools/setup.sh build
	@$(SUB) V=$(V) all
	@TAMIS=$(OUT)/tamis tools/demo.sh

check:  ## the house rules: format, layers, tidiness, clang-tidy, generated docs
	@tools/setup.sh check
	@tools/check.sh

fmt: FILES ?= $(shell find src include test examples bench -name '*.[ch]' -o -name '*.def')
fmt:  ## format every C file in place (or those named by FILES=)
	@clang-format -i $(filter %.c %.h,$(FILES))
	@tools/wrap_comments.py $(FILES)

docs:  ## write the generated reference pages again
	@$(SUB) V=$(V) all
	@TAMIS=$(OUT)/tamis tools/gen_docs.sh

bench:  ## every bench script, each beside its rival
	@tools/setup.sh bench
	@$(SUB) V=release all
	@TAMIS=$(BUILD)/release/tamis tools/bench.sh

fault:  ## fail every allocation and every I/O call in turn, in full
	@tools/setup.sh test
	@$(SUB) V=release tests
	@$(SUB) V=fault all
	@TAMIS_FULL=1 tools/run_tests.py --build $(BUILD)/release --fault $(BUILD)/fault --limit 3600 \
	  --in test/fault --match fault

kill:  ## kill -9 at 200 random moments, resume, compare
	@tools/setup.sh test
	@$(SUB) V=release tests
	@TAMIS_FULL=1 tools/run_tests.py --build $(BUILD)/release --fault $(BUILD)/fault --limit 3600 \
	  --in test/fault --match kill

fuzz:  ## every fuzz target for FUZZ_SECONDS (30) seconds
	@tools/setup.sh check
	@$(SUB) V=fuzz fuzzers
	@tools/fuzz.sh run $(BUILD)/fuzz $(FUZZ_SECONDS)

fuzz-replay:  ## every stored fuzz input once through every target, with ASan and UBSan
	@tools/setup.sh check
	@$(SUB) V=fuzz fuzzers
	@tools/fuzz.sh replay $(BUILD)/fuzz

ci:  ## what a change has to pass
	@.ci/run

install: all lib  ## program, libraries, header, man page and completions to DESTDIR/PREFIX
	install -d $(addprefix '$(DESTDIR)$(PREFIX)'/,bin include share/man/man1 \
	  share/bash-completion/completions share/zsh/site-functions share/fish/vendor_completions.d) \
	  '$(DESTDIR)$(LIBDIR)/pkgconfig'
	install -m 755 $(OUT)/tamis '$(DESTDIR)$(PREFIX)/bin/tamis'
	install -m 644 $(LIB) '$(DESTDIR)$(LIBDIR)/libtamis.a'
	install -m 755 $(SO) '$(DESTDIR)$(LIBDIR)/$(notdir $(SO))'
	ln -sf $(notdir $(SO)) '$(DESTDIR)$(LIBDIR)/libtamis.so'
	install -m 644 include/tamis.h '$(DESTDIR)$(PREFIX)/include/tamis.h'
	sed -e 's|@PREFIX@|$(PREFIX)|g' -e 's|@VERSION@|$(VERSION)|g' \
	  -e 's|@LIBDIR@|$(patsubst $(PREFIX)/%,$${prefix}/%,$(LIBDIR))|g' \
	  -e 's|@REQUIRES@|$(strip $(PKGS) $(LIBDEFLATE))|g' tamis.pc.in \
	  > '$(DESTDIR)$(LIBDIR)/pkgconfig/tamis.pc'
	$(OUT)/tamis man > '$(DESTDIR)$(PREFIX)/share/man/man1/tamis.1'
	$(OUT)/tamis completions bash \
	  > '$(DESTDIR)$(PREFIX)/share/bash-completion/completions/tamis'
	$(OUT)/tamis completions zsh > '$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_tamis'
	$(OUT)/tamis completions fish \
	  > '$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/tamis.fish'

# For scripts: `make -s print-COMPILE` says the compile command of a variant.
print-%:
	@printf '%s\n' '$(subst ','\'',$($*))'

clean:  ## remove the build folder
	rm -rf '$(BUILD)'

help:  ## this list
	@echo 'make [TARGET] [V=release|clang|debug|asan|tsan|fault|fuzz|cov] [WERROR=1] [BUILD=DIR]'
	@sed -n 's/^\([a-z-]*\):[^#]*##  *\(.*\)/  \1|\2/p' Makefile | awk -F'|' '{printf "%-16s %s\n", $$1, $$2}'
