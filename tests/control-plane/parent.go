package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// endWith returns a context that ends with ctx or with the process of that id, whichever is first; 0 is the process
// that started this one. A test runner that is killed can't tell us to end, so we watch it. (The kernel's own
// parent-death signal is no use to a Go program: it is sent when the starting thread ends, not the process.)
func endWith(ctx context.Context, pid int) (context.Context, error) {
	ctx, end := context.WithCancel(ctx)
	if pid != 0 {
		gone, err := watchExit(pid)
		if errors.Is(err, unix.ESRCH) {
			end()
			return nil, fmt.Errorf("--until-exit-of names process %d, which does not exist", pid)
		}
		if err != nil {
			end()
			return nil, fmt.Errorf("process %d, which --until-exit-of names, can't be watched: %w", pid, err)
		}
		endAfter(gone, end)
		return ctx, nil
	}
	parent := os.Getppid()
	gone, err := watchExit(parent)
	switch {
	case errors.Is(err, unix.ESRCH) || os.Getppid() != parent:
		end() // it ended while we looked for it
	case err != nil:
		end()
		return nil, fmt.Errorf("the process %d that started this one can't be watched: %w", parent, err)
	default:
		endAfter(gone, end)
	}
	return ctx, nil
}

func endAfter(gone <-chan struct{}, end context.CancelFunc) {
	go func() {
		<-gone
		end()
	}()
}

// pollExit closes the channel within half a second after the process is gone. It asks again and again, which works
// everywhere, but takes a new process that gets the same id for the old one.
func pollExit(pid int) (<-chan struct{}, error) {
	exists := func() error {
		if err := unix.Kill(pid, 0); !errors.Is(err, unix.EPERM) {
			return err
		}
		return nil // it is another user's
	}
	if err := exists(); err != nil {
		return nil, err
	}
	gone := make(chan struct{})
	go func() {
		for exists() == nil {
			time.Sleep(500 * time.Millisecond)
		}
		close(gone)
	}()
	return gone, nil
}
