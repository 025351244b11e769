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

	// Slow leaves out the large file and most of the 20,000 files: for a place that is slow,
	// or that differs only a little from another one that runs the whole suite.
	Slow bool
}

// New makes a site for one test.
type New func(t *testing.T) Site

type test struct {
	name string
	run  func(t *testing.T, s *stand)
}

// Run puts a connector through the suite.
func Run(t *testing.T, n New) {
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newStand(t, n)
			if s.place.Traits().WriteOnly {
				t.Skip("nothing can be looked at in a drop box (Traits.WriteOnly)")
			}
			test.run(t, s)
		})
	}
	for _, test := range dropBox {
		t.Run(test.name, func(t *testing.T) {
			s := newStand(t, n)
			if !s.place.Traits().WriteOnly {
				t.Skip("the place is no drop box (Traits.WriteOnly)")
			}
			test.run(t, s)
		})
	}
}

var tests = []test{
	{"RoundTrip", testRoundTrip},
	{"RoundTrip/UnknownSize", testUnknownSize},
	{"RoundTrip/Large", testLarge},
	{"Range", testRange},
	{"Range/Truncated", testTruncated},
	{"Visible/OnlyAfterCommit", testVisibleAfterCommit},
	{"Visible/OverwriteReplaces", testOverwrite},
	{"Visible/ReplacedInOneStep", testAtomicReplace},
	{"Upload/PartAgainReplaces", testPartAgain},
	{"Upload/ShortReader", testShortReader},
	{"Upload/LongReader", testLongReader},
	{"Upload/FailingReader", testFailingReader},
	{"Upload/Abort", testAbort},
	{"Upload/AbortLeavesNothing", testAbortLeavesNothing},
	{"Upload/Resume", testResume},
	{"Upload/ResumePoints", testResumePoints},
	{"Upload/ResumeGone", testResumeGone},
	{"Upload/ReadBackStaged", testStaged},
	{"Upload/HashStaged", testHashStaged},
	{"Commit/Exclusive", testExclusive},
	{"Commit/Again", testCommitAgain},
	{"Commit/LeavesNothing", testCommitLeavesNothing},
	{"Commit/Incomplete", testCommitIncomplete},
	{"Commit/WrongDigest", testWrongWholeDigest},
	{"Upload/WrongPartDigest", testWrongPartDigest},
	{"Missing", testMissing},
	{"FolderInTheWay", testFolderInTheWay},
	{"Remove", testRemove},
	{"Names", testNames},
	{"Names/TooLong", testTooLong},
	{"Names/Twins", testTwins},
	{"Names/Found", testFoundNames},
	{"Names/FoundNoFiles", testFoundNoFiles},
	{"List/Prefix", testPrefix},
	{"List/Many", testMany},
	{"Paths/HostileRefused", testHostilePaths},
	{"ModTime", testModTime},
	{"ModTime/Strange", testStrangeTimes},
	{"Cancel/Before", testCancelBefore},
	{"Cancel/Open", testCancelOpen},
	{"Cancel/WritePart", testCancelWritePart},
	{"Cancel/During", testCancelDuring},
	{"Concurrent", testConcurrent},
	{"Concurrent/SamePath", testSamePath},
	{"Rename", testRename},
	{"Hash", testHash},
	{"Copy", testCopy},
	{"TakeOver", testTakeOver},
	{"Fill", testFill},
	{"Sweeper", testSweeper},
	{"Adopter", testAdopter},
	{"Tags", testTags},
	{"Versions", testVersions},
	{"Locks", testLocks},
	{"Tier", testTier},
}
