// Package transfer moves one file from a place to one or more others: read once,
// cut into parts, hashed on the way, proved before it is shown, and taken up
// where it stopped after any crash.
//
// An [Engine] runs a [Job] and returns a [Receipt]. Its promises:
//
//   - Nothing is visible under a destination's path that is not whole. Where the
//     place can show what is staged, or vouches for a digest, nothing is visible
//     that is not proved; where it can do neither, the file is read back at once
//     and removed if it is wrong.
//   - There is no receipt for less than a proof, unless the job allows it.
//   - The same job ID is the same work: run again after a crash at any instant, it
//     sends at most the parts that were in flight, and what was already delivered
//     is found and not delivered again.
//   - A job that failed or was cancelled can be run again; [Engine.Abandon] gives
//     it up.
//   - All jobs of an engine together hold no more than its memory budget of parts.
package transfer
