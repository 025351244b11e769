// Package connectortest is the suite that every connector passes, run against
// the real thing: a folder, a server.
//
// It proves the promises of package connectors one by one. What a place is not
// made for (as its Traits or its missing optional interfaces say) is skipped,
// and the skip says why.
package connectortest

import (
	"testing"

	"gantry/connectors"
)

// A Site is an empty place of its own for one test.
type Site struct {
	// Open opens the place. Each call is a connection of its own to the same place;
	// the suite closes what it opens.
	Open func() (connectors.Place, error)

	// Dir is the folder of this machine where the place's files are, so that the
	// suite can put files there behind the server's back. "" if there is none.
	Dir string
}

// New makes a site for one test.
type New func(t *testing.T) Site

// Run puts a connector through the suite.
func Run(t *testing.T, n New) {
	for _, test := range []struct {
		name string
		run  func(t *testing.T, s *stand)
	}{
		{"RoundTrip", testRoundTrip},
		{"RoundTrip/UnknownSize", testUnknownSize},
		{"Range", testRange},
		{"Visible/OnlyAfterCommit", testVisibleAfterCommit},
		{"Visible/OverwriteReplaces", testOverwrite},
		{"Upload/PartAgainReplaces", testPartAgain},
		{"Upload/ShortReader", testShortReader},
		{"Upload/LongReader", testLongReader},
		{"Upload/Abort", testAbort},
		{"Upload/Resume", testResume},
		{"Upload/ResumeGone", testResumeGone},
		{"Upload/ReadBackStaged", testStaged},
		{"Commit/Exclusive", testExclusive},
		{"Commit/Again", testCommitAgain},
		{"Commit/Incomplete", testCommitIncomplete},
		{"Commit/WrongDigest", testWrongWholeDigest},
		{"Upload/WrongPartDigest", testWrongPartDigest},
		{"Missing", testMissing},
		{"Remove", testRemove},
		{"List/AwkwardNames", testAwkwardNames},
		{"List/Prefix", testPrefix},
		{"List/Many", testMany},
		{"Paths/HostileRefused", testHostilePaths},
		{"ModTime", testModTime},
		{"Cancel/Before", testCancelBefore},
		{"Cancel/Open", testCancelOpen},
		{"Cancel/WritePart", testCancelWritePart},
		{"Concurrent", testConcurrent},
		{"Rename", testRename},
		{"Hash", testHash},
		{"Copy", testCopy},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, newStand(t, n)) })
	}
}
