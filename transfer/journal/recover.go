package journal

import "errors"

// Recover opens the journal in dir like Open. A damaged one is set aside, which is
// logged, and an empty one takes its place: what was under way is hashed again.
func Recover(dir string, o Options) (*Journal, error) {
	j, err := Open(dir, o)
	if !errors.Is(err, ErrDamaged) {
		return j, err
	}
	o = o.filled()
	aside, asideErr := SetAside(dir, o.Now())
	if asideErr != nil {
		return nil, errors.Join(err, asideErr)
	}
	o.Logger.Error("the journal was damaged and has been set aside; what was under way is hashed again", "error", err, "aside", aside)
	return Open(dir, o)
}
