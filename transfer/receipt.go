package transfer

import (
	"time"

	"gantry/connectors"
)

// A Proof is how a copy was proved to equal the source.
type Proof string

// The proofs, strongest first.
const (
	ProofNative   Proof = "native"   // a digest of the whole, of 64 bits or more, that the place computed of what it got or has stored, and told us, equals ours
	ProofReadback Proof = "readback" // the copy was read again and hashed: ProofReason says when, and how much of it
	ProofSize     Proof = "size"     // only the sizes agree

	ProofRenamed Proof = "renamed" // it is the source itself, to which its storage has given another path
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
	Restarts []Restart          `json:"restarts,omitempty"` // attempts before, of which nothing was of use
	Engine   string             `json:"engine,omitempty"`   // name and version of the program that copied
	Removed  time.Time          `json:"removed,omitzero"`   // when the source was deleted, of a job that moves
	Removing time.Time          `json:"removing,omitzero"`  // when its deletion was begun, while nobody knows whether it is gone
	Growth   *Grown             `json:"growth,omitempty"`   // of a file that was sent while it grew
	Packed   *Packed            `json:"packed,omitempty"`   // then Size, Digests and Source.Entry are of the packed file
}

// A ReceiptSource is the file that was read.
type ReceiptSource struct {
	Location string           `json:"location"`
	Path     string           `json:"path"`
	Entry    connectors.Entry `json:"entry"`
	Software string           `json:"software,omitempty"` // of the place, as a probe has found it

	// Vouched is a digest that the source's place states or computed, and that equals
	// ours: what was read is what is there. "" = nobody can say.
	Vouched connectors.Algorithm `json:"vouched,omitempty"`
	Notes   []string             `json:"notes,omitempty"` // what was not as usual while it was read
}

// A Copy is one proved copy.
type Copy struct {
	Location string           `json:"location"`
	Path     string           `json:"path"`
	Entry    connectors.Entry `json:"entry"`
	Software string           `json:"software,omitempty"` // of the place, as a probe has found it
	Proof    Proof            `json:"proof"`

	ProofDigest connectors.Algorithm `json:"proofDigest,omitempty"` // by which the copy was proved
	ProofReason string               `json:"proofReason,omitempty"` // why by this proof, for people
	Notes       []string             `json:"notes,omitempty"`       // what was not as usual, for people: at most 20
	Times       Times                `json:"times,omitzero"`

	ServerSide bool `json:"serverSide,omitempty"` // the storage copied the file itself: nothing was sent

	Parts     int   `json:"parts"`
	Resumed   int   `json:"resumed"`     // parts that an earlier run had sent
	SentBytes int64 `json:"sentBytes"`   // by the last run, with what was sent again
	Resent    int64 `json:"resentBytes"` // of these, the bytes that were sent again
	Retries   int   `json:"retries"`
}

// Times are when a copy got how far, in the last run. One that is zero did not
// happen: of a copy that was found to be there already nothing was sent.
type Times struct {
	Started   time.Time `json:"started,omitzero"`
	FirstByte time.Time `json:"firstByte,omitzero"` // was taken by the place
	Sent      time.Time `json:"sent,omitzero"`      // the last part was accepted
	Verified  time.Time `json:"verified,omitzero"`  // the copy was proved
	Committed time.Time `json:"committed,omitzero"` // it became visible
}
