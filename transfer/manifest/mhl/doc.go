// Package mhl writes and reads media hash lists: ASC MHL version 2.0, the manifest by which the film and broadcast trade hands over files. A
// folder's history lies in <folder>/ascmhl: one manifest a generation, and a chain that pins each by its C4 ID.
//
//	name, manifest, err := mhl.Build(generation)   // ascmhl/0001_A002R2EC_2026-05-01_120000Z.mhl
//	chain, err := mhl.Chain(previous, name, manifest) // ascmhl/ascmhl_chain.xml
//
// # Promises
//
//   - The package is pure: bytes in, bytes out. The same generation gives the same bytes.
//   - What Build returns is valid against the standard's schema, and Parse reads it back.
//   - Nothing is recorded that was not given: a file without a digest that the standard knows, or a name that XML cannot hold, is an error.
//   - Parse takes hostile input. The paths that it returns stay below the root.
//
// # Formats
//
// c4, md5, sha1, xxh128, xxh3 and xxh64, in lower-case hex (c4 in its own alphabet). The standard knows no SHA-256 and no CRC: such digests are
// left out.
//
// # Directory hashes
//
// A directory has two hashes for each format that all its files share. The content hash tells whether the same files are in it, under any
// names: the hashes of its children, sorted, put together as raw bytes and hashed. The structure hash also covers names: the same over
// the hash of each child's name and hash. An empty directory has the hash of nothing.
package mhl
