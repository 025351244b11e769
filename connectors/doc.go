// Package connectors is the contract of a place that files live in.
//
// A place is opened from a [Location] (a URL, options and references to secrets)
// and is a [Source] to read from and a [Sink] to write to. What else it can do
// is stated by [Traits] and by small optional interfaces ([Renamer], [Hasher],
// [Copier] and more), found by [As].
//
// The promises that every connector keeps, proved by package connectortest:
//
//   - Paths are slash-separated, relative to the location's root, and never
//     leave it: a path that would is refused with [KindInvalid].
//   - Nothing is visible under a path before [Upload.Commit] has returned, and
//     then the whole object is.
//   - A short read or a short write is an error, never a short success.
//   - An error carries a [Kind], so that callers decide without parsing text.
//   - A cancelled context ends any call within a second.
//   - A Source and a Sink may be used by many goroutines at once; so may one
//     Upload, unless [Traits.Sequential] says otherwise.
//
// A connector does not retry. Retries, throttling and metrics are wrappers.
package connectors
