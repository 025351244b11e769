// Package ledger keeps what a user's commands have copied, once they have ended: for
// each run how it ended, and its lines, which are a document each, as a receipt.
//
// A [Ledger] is a folder with one folder for each day (UTC). A run is two files there:
// ID.json, its [steer.Status], and ID.jsonl, its lines. Its ID is that of the transfer
// with the number of the run: copy-0123abcd.2. Lines are read and written one by one,
// so that a run may have any number of them. What is old, or too much, is dropped by
// [Ledger.Prune], the oldest first.
package ledger
