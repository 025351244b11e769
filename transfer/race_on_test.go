//go:build race

package transfer

// manyJobs are fewer where each step is watched for races: a thousand take half a minute
// there, and it is not their number that would show one.
const manyJobs = 300
