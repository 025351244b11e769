// Package journal is the crash-safe record of an edge node: which jobs are under
// way and what their destinations have accepted, which are finished, which
// events still have to be told, and what has been seen.
//
// Its promises:
//
//   - A call that writes returns when the entry is on the disk; a crash or a power
//     cut after that does not lose it. Writers that come at the same time share
//     one sync.
//   - One process has the folder; a second one gets an [InUse].
//   - Damage is found by checksums and told as [ErrDamaged]. [SetAside] moves the
//     damaged files away, and the next Open begins with an empty journal. Losing a
//     journal costs re-hashing, never a file.
//   - Jobs of small files, which are finished within a moment, pass the store by: see
//     [Journal.BeginBriefly].
//   - A volume that runs full ends in an error of connectors.KindNoSpace, before
//     the store itself (which maps its files into memory) is hit; a reserve file
//     keeps room for what has to be written down then.
//
// A Journal may be used by many goroutines at once. Values are small documents,
// at most [MaxValue] bytes; the folder has to be on a local file system.
package journal
