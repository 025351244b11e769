// Package probe finds out what a place can do by trying it.
//
// Everything is tried with files of the probe's own, in a folder of its own, which
// is removed at the end whatever happens. What the server claims is compared with
// what it does: each file that was sent is read back.
//
// A place that cannot be reached, does not trust us or is not trusted is an error,
// with the kind that says which. A place that lets us read only is none: the
// profile says so.
package probe
