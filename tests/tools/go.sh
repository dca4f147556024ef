#!/bin/sh
# Runs the go command with flags that suit big programs which run in tests: quick to build first, then quick to run. Use
# it for build, vet and test alike, since compiled packages are shared only where the flags are the same. The caller's
# own flags come after these; a second -ldflags would replace the first.
#
#   -N -l           no optimisation and no inlining of Kubernetes' own packages. They are three quarters of the code;
#                   what is hot at run time (encoding, HTTP/2, the garbage collector) is in the others. Without
#                   optimisation anywhere the control plane builds in 137 s instead of 170 s, and needs 1.7 times the CPU.
#                   The caller's own -gcflags win: make bench measures with an optimised one.
#   -dwarf=false    no debug information for the linker to throw away again
#   GOGC=400        the compiler collects garbage less often
#   -s -w           no symbol table: a smaller binary, a faster link
#   -X ...          the version that the API server names; kubectl refuses one that names none. It is that of
#                   k8s.io/kubernetes in ../control-plane/go.mod, and means nothing to other programs.
set -eu
version=k8s.io/component-base/version
export CGO_ENABLED=0 GOGC="${GOGC:-400}"
export GOFLAGS="${GOFLAGS:-} -trimpath -buildvcs=false -gcflags=all=-dwarf=false '-gcflags=k8s.io/...=-N -l -dwarf=false' '-ldflags=-s -w -X $version.gitVersion=v1.36.3 -X $version.gitMajor=1 -X $version.gitMinor=36'"
exec go "$@"
