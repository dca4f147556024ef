package main

import (
	"os"

	"k8s.io/component-base/cli"
	"k8s.io/component-base/logs"
	"k8s.io/kubectl/pkg/cmd"
	"k8s.io/kubectl/pkg/cmd/util"
)

// kubectl runs the real kubectl with the arguments after its name, as its own main does. When kubectl fails, it ends
// the process with kubectl's exit code.
func kubectl(args []string) {
	// The command reads os.Args to find plugins and to name itself in its messages.
	os.Args = append([]string{"kubectl"}, args...)
	// Building the command logs already, before its flags are parsed.
	_, _ = logs.GlogSetter(cmd.GetLogVerbosity(os.Args))
	if err := cli.RunNoErrOutput(cmd.NewDefaultKubectlCommand()); err != nil {
		util.CheckErr(err)
	}
}
