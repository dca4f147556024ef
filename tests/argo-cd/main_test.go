// Package argocd tests the operator under Argo CD: what is in deploy/argocd by Argo CD's own Lua, diff and apply code, and
// one life of an application under its real application controller and repo-server. One test binary is all of it,
// because Argo CD's dependencies take minutes to compile and ten seconds to link: it starts itself again for each of
// Argo CD's programs.
package argocd

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	controller "github.com/argoproj/argo-cd/v3/cmd/argocd-application-controller/commands"
	reposerver "github.com/argoproj/argo-cd/v3/cmd/argocd-repo-server/commands"
	"github.com/spf13/cobra"
)

// asProgram names the environment variable that makes the test binary one of Argo CD's programs.
const asProgram = "TEST_BINARY_IS"

// programs are Argo CD's own.
var programs = map[string]func() *cobra.Command{
	"argocd-application-controller": controller.NewCommand,
	"argocd-repo-server":            reposerver.NewCommand,
}

// root is the repository.
var root = sure(filepath.Abs("../.."))

// scratch is a folder for what the tests write, removed at the end.
var scratch string

func TestMain(m *testing.M) {
	if program, ok := programs[os.Getenv(asProgram)]; ok {
		run(program())
	}
	var err error
	if scratch, err = os.MkdirTemp("", "argo-cd-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	endPlane()
	os.RemoveAll(scratch)
	os.Exit(code)
}

// run is one of Argo CD's programs, until its standard input closes: it ends with the test, however that ends.
func run(program *cobra.Command) {
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	if err := program.Execute(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// tool is a program that `make tools` builds.
func tool(name string) string { return filepath.Join(root, ".cache/bin", name) }

// built is a program that `make build` builds.
func built(name string) string {
	target := os.Getenv("CARGO_TARGET_DIR")
	if target == "" {
		target = filepath.Join(root, "target")
	}
	return filepath.Join(target, "debug", name)
}

// untilExit makes a program end with this one.
var untilExit = []string{"--until-exit-of", strconv.Itoa(os.Getpid())}

// argoCD is the folder of Argo CD's module: its CRDs and a script are there.
var argoCD = sync.OnceValues(func() (string, error) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/argoproj/argo-cd/v3").Output()
	return string(dir[:max(0, len(dir)-1)]), err
})

// must fails the test when there is an error.
func must[T any](t *testing.T) func(value T, err error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// sure is for what can't be wrong while the package is initialised.
func sure[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
