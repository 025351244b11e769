//go:build !race

package transfer

const manyJobs = 1000
