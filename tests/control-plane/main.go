// Command control-plane is a real Kubernetes control plane in one process, for tests and the demo.
//
// It is etcd, kube-apiserver with RBAC and every default admission plugin, and the few controllers without which
// the API does not behave as on a cluster: garbage collection, deletion of namespaces, service accounts and their
// tokens, the root CA, aggregated roles and resource quotas. There is no node, no scheduler and no Deployment
// controller: nothing runs.
//
//	control-plane up --dir DIR [--port PORT] [--until-exit-of PID] [--keep] [-- kube-apiserver flags]
//	control-plane kubectl ...
//
// `up` writes DIR/kubeconfig once everything answers, prints "ready", and ends on SIGTERM or when the process that
// started it is gone. Everything lives in this one process, so that even SIGKILL leaves nothing running.
//
// Under the name kubectl (a symbolic link) the program is kubectl.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

const usage = `usage:
  control-plane up --dir DIR [flags] [-- kube-apiserver flags]   start a control plane ("up --help" lists the flags)
  control-plane kubectl ...                                      run kubectl (so does a symbolic link named kubectl)
`

func main() {
	if filepath.Base(os.Args[0]) == "kubectl" {
		kubectl(os.Args[1:])
		return
	}
	command := ""
	if len(os.Args) > 1 {
		command = os.Args[1]
	}
	switch command {
	case "up":
		if err := up(os.Args[2:]); err != nil {
			fmt.Fprintf(os.Stderr, "control-plane: %v\n", err)
			os.Exit(1)
		}
	case "kubectl":
		kubectl(os.Args[2:])
	case "help", "-h", "--help":
		fmt.Print(usage)
	default:
		fmt.Fprintf(os.Stderr, "control-plane: there is no command %q.\n%s", command, usage)
		os.Exit(2)
	}
}
