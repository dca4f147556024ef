package main

import (
	"fmt"
	"os"
)

// policy says what the audit log holds: for every request its verb, user, object, answer and times, but no bodies,
// once it is answered (a watch: once it has ended). Tests count Kubernetes requests in it, so it leaves out only what
// the control plane asks of itself, and questions after its health.
const policy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived, ResponseStarted]
rules:
- level: None
  users: ["system:apiserver", "` + controllersName + `"]
- level: None
  nonResourceURLs: ["/healthz*", "/livez*", "/readyz*"]
- level: Metadata
`

// auditFlags writes the policy and returns the flags that make kube-apiserver follow it.
func auditFlags(dir *directory) ([]string, error) {
	if err := os.WriteFile(dir.file(auditPolicy), []byte(policy), 0o600); err != nil {
		return nil, fmt.Errorf("the audit policy can't be written: %w", err)
	}
	return []string{
		"--audit-policy-file=" + dir.file(auditPolicy),
		"--audit-log-path=" + dir.file(auditFile),
		// A request is in the file when its handler returns. That is before the client has a short answer, so that a test
		// need not wait; the last part of a long one (over 4 KB) may be there an instant earlier than its record.
		"--audit-log-mode=blocking",
		// MB after which a new file would be begun, and a reader would lose its place.
		"--audit-log-maxsize=100000",
	}, nil
}
