package main

import (
	"fmt"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"gantry/connectors/aspera/asperatest"
)

func TestMain(m *testing.M) {
	asperatest.Main()
	testscript.Main(m, map[string]func(){"gantry": main})
}

// The scripts are the specification of the command line.
func TestScripts(t *testing.T) {
	tools := os.Getenv("GANTRY_TOOLS")
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir+"/home")
			env.Setenv("XDG_CONFIG_HOME", env.WorkDir+"/home/config")
			env.Setenv("XDG_STATE_HOME", env.WorkDir+"/home/state")
			env.Setenv("XDG_DATA_HOME", env.WorkDir+"/home/data")
			if tools != "" {
				env.Setenv("GANTRY_TOOLS", tools)
			}
			return nil
		},
		RequireExplicitExec: true,
		Condition: func(name string) (bool, error) {
			if name == "root" {
				return os.Geteuid() == 0, nil
			}
			return false, fmt.Errorf("there is no condition %q", name)
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits":  exits,
			"up":     up,
			"mkfile": mkfile,
			"store":  store,
			"cut":    cutOff,
			"until":  until,

			"meanwhile": meanwhile,
		},
	})
}
