//go:build !linux

package main

// watchExit returns a channel that is closed when the process is gone.
func watchExit(pid int) (<-chan struct{}, error) { return pollExit(pid) }
