// Package objectstore is a [connectors.Place] over a bucket of any store that
// speaks the object model of Amazon S3. The wire is given as a [Client]: packages
// s3 and s3compat are two of them.
//
// What a caller of either has to know:
//
//   - A file is the object whose key is the location's prefix and the path.
//     Keys that end in a slash mark folders and are passed over. Keys that
//     [connectors.CleanPath] refuses are passed over too, and reported to the
//     function that [connectors.WithPassedOver] put into the context.
//   - Modification times are the store's own (Traits.TimePrecision is 0), in
//     whole seconds. The time of the original is kept in the metadata "mtime",
//     in seconds since 1970, where other tools look for it.
//   - A version is the object's ETag, the only one that a listing has too.
//   - An upload whose announced size is at most [SmallSize] is kept in memory
//     and becomes one PutObject at Commit. Its one part is not durable before
//     Commit, its ID is "single", and taking it up again is KindNotFound: a
//     crash costs sending this one part again. All others are multipart uploads,
//     durable part by part.
//   - CRC64NVME is sent with each part and with the whole, as the caller gives
//     it, so that the store refuses anything else. Nothing is hashed twice, and
//     nothing by MD5 or SHA-256. A store that does not know it is found out by
//     the first answers, and Traits tell so from then on.
//
// Nothing is retried, with one exception: a request that a store refuses because
// it does not know the checksum is made once more without.
package objectstore
