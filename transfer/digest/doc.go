// Package digest computes all the digests of a stream in one pass, and combines
// the CRC64NVME of parts into that of the whole, so that nothing is read twice.
//
// Digests are written as lower-case hex, most significant byte first: xxh128 in
// the canonical form of xxhsum, CRC64NVME as eight bytes.
package digest
