package engine

import "strings"

// callKey names a call among all calls of all runs.
func callKey(runID, step string) string { return runID + step }

// stepKey gives the step of a call's key.
func stepKey(runID, key string) string { return strings.TrimPrefix(key, runID) }
