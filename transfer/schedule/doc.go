// Package schedule decides whose part goes next. Each part that a job wants to read
// from or write to an endpoint asks for a [Slot] there, so that an urgent clip
// overtakes a running transfer inside its files, and no site, destination or job is
// starved by another.
//
// A job enters the [Scheduler] with its [Work] and gets a [Ticket]; it opens a [Flow]
// for each endpoint, and acquires a slot of it for each part. All of it may be used
// by many goroutines at once.
package schedule
