package growing

// A State is how far a file has grown.
type State struct {
	Path   string // where it is now: its final name, once it was renamed
	Size   int64  // bytes so far
	Closed Rule   // why it is finished; "" = it is still written
}

// A Rule is why a file is taken as finished.
type Rule string

// The rules.
const (
	ByWriter  Rule = "closed"  // nobody has it open for writing any more
	ByRename  Rule = "renamed" // from its temporary name
	BySidecar Rule = "sidecar" // the file beside it has come
	ByRest    Rule = "idle"    // it has not changed for long enough
	BySignal  Rule = "signal"  // somebody said so
)
