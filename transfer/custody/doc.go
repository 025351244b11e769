// Package custody keeps the ASC MHL histories of folders in any place: it reads and checks them, holds files against them, adds generations,
// flattens them, and carries them on to where files are copied.
//
//	h, err := custody.Read(ctx, place, "cards/A001", nil)               // the history, and those nested below it
//	report, err := custody.Create(ctx, place, "cards/A001", options)    // the next generation
//	report, err := custody.Verify(ctx, place, "cards/A001", options)    // files held against all generations
//
// # Promises
//
//   - A manifest is written before the chain that pins it, each in one step. A crash in between leaves a history that verifies; the next
//     generation adopts the manifest that was left.
//   - Two writers never share a generation. On this machine's disks they take turns or the later one is refused; elsewhere both may be refused.
//   - A history whose manifests are not those that its chain pins is not used: it is a [*Broken] error.
//   - Nothing of a history is ever rewritten or removed.
//
// The rules of what a generation records are in package mhl, and follow the reference implementation of ASC MHL.
package custody
