package main

import (
	"bytes"
	"os"
	"testing"
)

func TestReferenceIsCurrent(t *testing.T) {
	written, err := os.ReadFile("../../docs/reference/places.md")
	if err != nil {
		t.Fatal(err)
	}
	var made bytes.Buffer
	if err := reference(&made, protocols()); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(written, made.Bytes()) {
		t.Error("docs/reference/places.md is not what the connectors declare: run make docs")
	}
}
