// Package steer lets a person follow and steer transfers that a command of theirs runs
// in another process, and finds those that a kill or a restart has left behind.
//
// Each transfer has a private folder in the user's state folder. It holds what was asked
// for ([Record]), the journal, and, while a process runs it, a socket that the process
// answers on ([Listen], [Dial]). Nobody but the user can open any of it.
package steer
