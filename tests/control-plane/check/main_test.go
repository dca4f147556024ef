// Package check tests the control plane as its users meet it: as a program, over the network. It imports only
// client-go, so that testing does not link the whole control plane a second time.
package check

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
)

var (
	program string // the control-plane binary
	shared  *plane // one control plane for all tests that do not stop theirs; each makes a namespace of its own
)

func TestMain(m *testing.M) {
	code, err := runAll(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func runAll(m *testing.M) (code int, err error) {
	temporary, err := os.MkdirTemp("", "control-plane-check-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(temporary)
	if program, err = binary(temporary); err != nil {
		return 1, err
	}
	begin := time.Now()
	if shared, err = start(filepath.Join(temporary, "shared")); err != nil {
		return 1, err
	}
	fmt.Printf("ready after %.1f s\n", time.Since(begin).Seconds())
	code = m.Run()
	begin = time.Now()
	err = shared.end()
	fmt.Printf("gone after %.1f s\n", time.Since(begin).Seconds())
	if _, there := os.Stat(shared.dir); err == nil && there == nil {
		err = fmt.Errorf("%s is still there after the end", shared.dir)
	}
	return code, err
}

// binary is the one that CONTROL_PLANE names, or else one built now.
func binary(folder string) (string, error) {
	if path := os.Getenv("CONTROL_PLANE"); path != "" {
		path, err := filepath.Abs(path)
		if err == nil {
			_, err = os.Stat(path)
		}
		if err != nil {
			return "", fmt.Errorf("CONTROL_PLANE must name the built binary, by its absolute path: %w", err)
		}
		return path, nil
	}
	path := filepath.Join(folder, "control-plane")
	build := exec.Command("../../tools/go.sh", "build", "-o", path, "..")
	build.Stdout, build.Stderr = os.Stdout, os.Stderr
	if err := build.Run(); err != nil {
		return "", fmt.Errorf("the control plane does not build: %w", err)
	}
	return path, nil
}

// client is an administrator's client of a control plane.
func (p *plane) client() kubernetes.Interface { return kubernetes.NewForConfigOrDie(p.config) }

func (p *plane) dynamic() dynamic.Interface { return dynamic.NewForConfigOrDie(p.config) }
