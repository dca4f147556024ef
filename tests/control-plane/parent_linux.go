package main

import (
	"errors"

	"golang.org/x/sys/unix"
)

// watchExit returns a channel that is closed when the process is gone. A pidfd stays tied to that one process even if
// its id is used again; where the kernel or a sandbox has none, the id is polled.
func watchExit(pid int) (<-chan struct{}, error) {
	fd, err := unix.PidfdOpen(pid, 0)
	if errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EPERM) {
		return pollExit(pid)
	}
	if err != nil {
		return nil, err
	}
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		defer unix.Close(fd)
		for {
			n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, -1)
			if n > 0 || (err != nil && !errors.Is(err, unix.EINTR)) {
				return
			}
		}
	}()
	return gone, nil
}
