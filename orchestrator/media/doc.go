// Package media looks at media files and makes new ones, by ffprobe and ffmpeg in a sandbox.
//
// It works on local files only and knows nothing of workflows, catalogue or locations. Four operations
// hang on [Tools]:
//
//   - [Tools.Probe] says what a file is,
//   - [Tools.QC] decodes it once and judges it by rules (configs/qc),
//   - [Tools.Transcode] makes renditions by profiles (configs/profiles), all of one source in one decode,
//   - [Tools.Still] takes one picture out of it.
//
// Every input is taken to be hostile. Its type is found by its first bytes and forced upon ffmpeg, so a
// playlist that calls itself a film opens nothing; protocols are limited to files and pipes; the process
// sees one input, read-only, and may write to one folder; its CPU time, memory and file sizes are limited;
// it dies with its context, with its parent, or when it makes no progress.
//
// Times are seconds of media, sizes bytes, rates bits per second, unless a name says otherwise. Nothing here
// retries: the kind of an error ([KindOf]) tells the caller whether trying again can help. A [Tools] may be
// used by many goroutines at once; each call runs processes of its own.
package media
