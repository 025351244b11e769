package transfer

import (
	"time"

	"gantry/connectors"
)

// A Proof is how a copy was proved to equal the source.
type Proof string

// The proofs, strongest first.
const (
	ProofNative   Proof = "native"   // the place's own digest of the whole equals ours
	ProofReadback Proof = "readback" // the copy was read again and hashed
	ProofSize     Proof = "size"     // only the sizes agree
)

// A Receipt says what was copied where, and by which proof.
type Receipt struct {
	Job      string             `json:"job"`
	Source   ReceiptSource      `json:"source"`
	Size     int64              `json:"size"`
	Digests  connectors.Digests `json:"digests"`
	Started  time.Time          `json:"started"`
	Finished time.Time          `json:"finished"`
	Copies   []Copy             `json:"copies"`
	Packed   *Packed            `json:"packed,omitempty"` // then Size, Digests and Source.Entry are of the packed file
}

// A ReceiptSource is the file that was read.
type ReceiptSource struct {
	Location string           `json:"location"`
	Path     string           `json:"path"`
	Entry    connectors.Entry `json:"entry"`
}

// A Copy is one proved copy.
type Copy struct {
	Location  string           `json:"location"`
	Path      string           `json:"path"`
	Entry     connectors.Entry `json:"entry"`
	Proof     Proof            `json:"proof"`
	Parts     int              `json:"parts"`
	Resumed   int              `json:"resumed"`   // parts that an earlier run had sent
	SentBytes int64            `json:"sentBytes"` // by the last run, with what was sent again
	Retries   int              `json:"retries"`
}
