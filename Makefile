# `make bench` measures, `make test` proves. Everything else is for those who change the code.

ternbench = .build/release/ternbench
swift_files = Package.swift Sources Tests
c_files = git ls-files -z --cached --others --exclude-standard '*.c' '*.h'
# Tests see the internals of release modules, so they are built beside the product, not over it.
release_tests = swift test -c release -Xswiftc -enable-testing

.PHONY: bench test test-sanitize test-arm test-pmu test-amx format lint clean

# Builds, verifies every kernel, measures BitNet b1.58 2B4T and writes the report, which also shows wrong results.
bench:
	@tools/need.sh swift git
	swift build -c release --product ternbench
	$(ternbench) verify --model 2b-4t
	run=$$($(ternbench) bench --model 2b-4t --tokens 1,128 --threads 1,all --cache hot,cold); status=$$?; \
	  test -z "$$run" || $(ternbench) report --headline "$$run" || exit; exit $$status

# Runs every test, the conformance of every kernel included.
test:
	@tools/need.sh swift git
	$(release_tests) --scratch-path .build-test

# The same under AddressSanitizer and, in C, UndefinedBehaviorSanitizer; the only leaks are XCTest's own.
test-sanitize:
	@tools/need.sh swift git
	TERNBENCH_SANITIZE=1 ASAN_OPTIONS=detect_leaks=0 $(release_tests) --scratch-path .build-sanitize \
	  --sanitize=address -Xswiftc -use-ld=lld

# The same for aarch64, cross-built and run on emulated CPUs with and without dotprod, i8mm and SVE. Needs root, and 7 GB of
# ~/.cache for a Debian 13.
test-arm:
	@tools/arm/test.sh

# Counts instructions through an emulated PMU, with the code that counts on real ones; any x86-64 Debian can.
test-pmu:
	@tools/need.sh aarch64-linux-gnu-gcc:gcc-aarch64-linux-gnu qemu-system-aarch64:qemu-system-arm cpio
	tools/pmu/run.sh .cache/pmu

# Runs the AMX kernels on an emulated CPU that has AMX, under Linux; any x86-64 Debian can.
test-amx:
	@tools/need.sh swift git clang g++ patch cpio genisoimage
	swift build -c release --product ternbench
	tools/amx/run.sh .cache/amx

format:
	@tools/need.sh swift git clang-format-19
	swift format --in-place --recursive --parallel $(swift_files)
	$(c_files) | xargs -0 -r clang-format-19 -i

# Layout, and the three rules on imports that the compiler cannot keep.
lint:
	@tools/need.sh swift git clang-format-19
	swift format lint --strict --recursive --parallel $(swift_files)
	$(c_files) | xargs -0 -r clang-format-19 --dry-run -Werror
	! git grep -n 'import CKernels' -- Sources Tests ':!Sources/MPGEMM'
	! git grep -n 'import CMachine' -- Sources Tests ':!Sources/Machine'
	! git grep -n 'import CModel' -- Sources Tests ':!Sources/Models'

clean:
	rm -rf .build .build-test .build-sanitize .build-arm
