package transfer

import "gantry/connectors"

// layDown has the upload hold nothing at the place: it is left to a later run, or for as
// long as the job has to wait. It is no error if there is none.
func (d *delivery) layDown() {
	if u, ok := connectors.As[connectors.Resting](d.upload); ok {
		u.Rest()
	}
}

// layDownAwhile is layDown before a wait of this run. An upload that goes in one stream
// would have to begin again, and is left as it is.
func (d *delivery) layDownAwhile() {
	if !d.to.traits().Streamed {
		d.layDown()
	}
}
