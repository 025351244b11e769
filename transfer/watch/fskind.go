package watch

import "gantry/connectors/local/fskind"

// withoutEvents returns the name of root's file system if it raises no events, and "" if it does.
func withoutEvents(root string) string {
	if kind := fskind.Of(root); kind.NoEvents {
		return kind.Name
	}
	return ""
}
