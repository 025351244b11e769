package main

import (
	"encoding/json"
	"testing"
	"time"

	"gantry/connectors"
	"gantry/transfer"
)

// A result with a receipt that is encoded already is the same line as one whose receipt is
// encoded with it.
func TestAResultIsTheSameLineHoweverItsReceiptIsEncoded(t *testing.T) {
	t.Parallel()
	receipt := transfer.Receipt{
		Job: "copy/1", Size: 3, Digests: connectors.Digests{connectors.XXH128: "00"}, Started: time.Unix(1, 0).UTC(),
		Copies: []transfer.Copy{{Location: "<a>", Path: "b\u2028", Proof: transfer.ProofNative}},
	}
	r := result{Source: "a", Destination: "b", Warnings: []string{"w"}}.done(outcomeCopied, receipt)
	want, err := r.line()
	if err != nil {
		t.Fatal(err)
	}
	if r.recorded, err = json.Marshal(receipt); err != nil {
		t.Fatal(err)
	}
	if got, err := r.line(); err != nil || string(got) != string(want) {
		t.Errorf("%s, %v; want %s", got, err, want)
	}
}
