package function

import (
	"fmt"

	"gantry/connectors/seal"
	"gantry/orchestrator/catalog"
	"gantry/transfer/agent/wire"
)

// packed gives files that a partner gets packed the names of such files. What the
// hub keeps itself is not packed: nobody here could read it again.
func (h *Host) packed(o wire.Order) error {
	for _, f := range o.Files {
		if err := h.packedNames(o.Kind, f.Destinations); err != nil {
			return err
		}
	}
	for _, d := range o.Documents {
		if err := h.packedNames(o.Kind, d.Destinations); err != nil {
			return err
		}
	}
	return nil
}

func (h *Host) packedNames(kind string, destinations []wire.PlaceRef) error {
	for i, to := range destinations {
		l, err := h.place(to.Location)
		if err != nil {
			return err
		}
		s, err := seal.Of(l.Location)
		if err != nil {
			return &Fault{Type: "configuration", Status: 400, Title: fmt.Sprintf("the location %q cannot be used", l.Name), Detail: err.Error(), Err: err}
		}
		if kind != catalog.TransferDeliver && !s.None() {
			return &Fault{
				Type: "configuration", Status: 400, Title: fmt.Sprintf("files that go to the location %q are packed, and only deliveries can be", l.Name),
				Detail: "take encryptTo and compress out of the Location, or name another location in the workflow",
			}
		}
		destinations[i].Path += s.Suffix()
	}
	return nil
}
