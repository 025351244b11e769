// Command nulls3 is a store of the S3 kind that costs as little as can be, for
// measuring clients by hand:
//
//	go run ./test/peers/nulls3 -listen 127.0.0.1:9000 -seed peers/small:10000x65536 -seed peers/large:1x4294967296
//
// It takes everything, hashes nothing and serves zeros.
package main

import (
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"

	"gantry/connectors/servers/nulls3"
)

func main() {
	address := flag.String("listen", "127.0.0.1:9000", "address and port")
	var seeds []nulls3.Seed
	flag.Func("seed", "objects that are there from the beginning: PREFIX:COUNTxSIZE (may be repeated)", func(text string) error {
		seed, err := nulls3.ParseSeed(text)
		seeds = append(seeds, seed)
		return err
	})
	flag.Parse()
	listener, err := net.Listen("tcp", *address)
	if err == nil {
		fmt.Println("http://" + listener.Addr().String())
		err = http.Serve(listener, nulls3.Handler(seeds...))
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
