package spec

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// A Grow says when a file that is still written counts as whole.
type Grow struct {
	Wait  time.Duration // without a change; at least a second
	Start string        // from when on Wait is measured: "mtime" or "null_read"; "" = mtime
}

// source is the URL that ascp takes on its command line instead of a list. It
// works on native file systems only.
func (g Grow) source(paths []Path) (string, error) {
	if len(paths) != 1 || paths[0].Destination != "" {
		return "", errors.New("a growing file is sent alone, and named by the destination root")
	}
	name := paths[0].Source
	if !filepath.IsAbs(name) {
		return "", fmt.Errorf("the growing file %q is not named by an absolute path", name)
	}
	if strings.ContainsAny(name, "?#%&") {
		return "", fmt.Errorf("the name %q of a growing file has ?, #, %% or & in it, which its URL cannot carry: rename it, or send it when it is whole", name)
	}
	start := g.Start
	if start == "" {
		start = "mtime"
	}
	if start != "mtime" && start != "null_read" {
		return "", fmt.Errorf("wait_start is %q: write mtime or null_read", start)
	}
	seconds := max(1, int(math.Ceil(g.Wait.Seconds())))
	return "file://" + name + "?grow=" + strconv.Itoa(seconds) + "&wait_start=" + start, nil
}
