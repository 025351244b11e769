package catalog_test

import (
	"errors"
	"fmt"
	"testing"

	"gantry/orchestrator/catalog"
)

func TestWhatIsMissingIsNamed(t *testing.T) {
	err := catalog.NotThere(fmt.Errorf("read: %w", catalog.ErrNotFound), "run", "run_1")
	if !errors.Is(err, catalog.ErrNotFound) || err.Error() != `there is no run "run_1": list them with gantry run ls` {
		t.Errorf("got %v", err)
	}
	if again := catalog.NotThere(err, "asset", "as_1"); again != err {
		t.Errorf("told again it is %v", again)
	}
	if other := catalog.NotThere(catalog.ErrBusy, "run", "run_1"); other != catalog.ErrBusy {
		t.Errorf("another error became %v", other)
	}
	if err := catalog.NotThere(nil, "run", "run_1"); err != nil {
		t.Errorf("none became %v", err)
	}
}
