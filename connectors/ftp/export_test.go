package ftp

import "gantry/connectors"

// ReadBesideBelow has large files read over several sessions where one gives less than
// so many bytes/s.
func ReadBesideBelow(p connectors.Place, rate float64) { p.(*place).fast = rate }

// FarAway has a place take its server for one that is a long way off.
func FarAway(p connectors.Place) { p.(*place).far.Store(true) }
