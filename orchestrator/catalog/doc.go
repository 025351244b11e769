// Package catalog is the hub's memory: assets with their renditions and copies,
// the runs and steps of workflows, transfers on lease, deliveries, and the events
// that say how all of it came about. It stands on SQLite or on PostgreSQL, with
// the same queries.
//
// All writing happens inside [Store.Write]: one transaction, which either happens
// as a whole or not at all. River's jobs are inserted in the same transaction
// through [Tx.SQL] or [Tx.PGX], so that a change and the work that follows from it
// commit together.
//
// What arrives more than once, as events and reports do, is harmless: inserts are
// keyed by what they are about and say whether they were new.
//
// The catalogue has no clock: times are the caller's, and are kept in UTC to the
// microsecond.
package catalog
