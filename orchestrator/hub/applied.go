package hub

import (
	"strings"

	"gantry/orchestrator/catalog"
	"gantry/orchestrator/resources"
)

// applied gives the exact version of a workflow that is applied: of all that were
// ever registered, only that one is started. It may be named as name, namespace/name
// or namespace/name:version.
func applied(set *resources.Set, wanted string) (string, error) {
	rest, version, _ := strings.Cut(wanted, ":")
	namespace, name, qualified := strings.Cut(rest, "/")
	if !qualified {
		namespace, name = "", rest
	}
	w, ok := set.Workflows[name]
	if !ok {
		return "", &catalog.Missing{What: "workflow", ID: wanted, Hint: "list them with gantry get workflows, or apply it"}
	}
	d := w.Definition.Document
	exact := d.Namespace + "/" + d.Name + ":" + d.Version
	if (qualified && namespace != d.Namespace) || (version != "" && version != "latest" && version != d.Version) {
		return "", &catalog.Missing{What: "workflow", ID: wanted, Hint: "what is applied is " + exact}
	}
	return exact, nil
}

// current gives the version of a workflow that is applied.
func (h *Hub) current(namespace, name string) (version string, ok bool) {
	w, ok := h.Resources.Current().Workflows[name]
	if !ok || w.Definition.Document.Namespace != namespace {
		return "", false
	}
	return w.Definition.Document.Version, true
}
