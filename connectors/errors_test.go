package connectors_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"gantry/connectors"
)

func TestErrorSaysWhatAndWhatToDo(t *testing.T) {
	err := &connectors.Error{
		Kind: connectors.KindNoSpace, Op: "commit", Path: "a\nb", Err: errors.New("disk full"), Remedy: "make room",
	}
	if got, want := err.Error(), `commit "a\nb": no space left: disk full (make room)`; got != want {
		t.Errorf("got %s; want %s", got, want)
	}
	if got, want := (&connectors.Error{Kind: connectors.KindNotFound, Op: "list"}).Error(), `list: not found`; got != want {
		t.Errorf("of a top folder: got %s, want %s", got, want)
	}
	if got, want := (&connectors.Error{Kind: connectors.KindNotFound, Op: "stat", Path: "x"}).Error(), `stat "x": not found`; got != want {
		t.Errorf("got %s; want %s", got, want)
	}
	if err := connectors.Errorf(connectors.KindOther, "read", "x", "after 3 bytes: %w", io.ErrUnexpectedEOF); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%v does not wrap its cause", err)
	}
}

func TestKindOf(t *testing.T) {
	for _, test := range []struct {
		err       error
		kind      connectors.Kind
		retryable bool
	}{
		{nil, "", false},
		{errors.New("?"), connectors.KindOther, false},
		{context.Canceled, connectors.KindCanceled, false},
		{fmt.Errorf("copy: %w", context.DeadlineExceeded), connectors.KindTimeout, true},
		{fmt.Errorf("copy: %w", connectors.Errorf(connectors.KindUnavailable, "stat", "x", "refused")), connectors.KindUnavailable, true},
		{connectors.Errorf(connectors.KindNotFound, "stat", "x", "%w", context.Canceled), connectors.KindNotFound, false},
		{connectors.Errorf(connectors.KindNoSpace, "write", "x", "full"), connectors.KindNoSpace, true},
		{connectors.Errorf(connectors.KindBusy, "write", "x", "slow down"), connectors.KindBusy, true},
		{connectors.Errorf(connectors.KindIncomplete, "read", "x", "short"), connectors.KindIncomplete, true},
		{connectors.Errorf(connectors.KindIntegrity, "read", "x", "other bytes"), connectors.KindIntegrity, false},
		{connectors.Errorf(connectors.KindHostKey, "connect", "x", "changed"), connectors.KindHostKey, false},
	} {
		if got := connectors.KindOf(test.err); got != test.kind {
			t.Errorf("KindOf(%v) = %q; want %q", test.err, got, test.kind)
		}
		if got := connectors.Retryable(test.err); got != test.retryable {
			t.Errorf("Retryable(%v) = %v", test.err, got)
		}
	}
}
